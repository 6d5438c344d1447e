"""Write logs and metrics, and correlate everything about one call."""
