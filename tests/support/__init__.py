"""What all tests share: databases, servers, and callers of the API."""
