"""What the clients of a run do: operations, requests, limits, the SDK, live streams."""
