"""Soak test: mixed traffic for an hour, and whether the server's size stays level."""
