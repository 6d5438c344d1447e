"""Serve the pages for browsers, which are built from ``dashboard/`` into ``dist``."""
