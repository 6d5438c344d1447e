"""Manage the process: startup, shutdown, memory and the database lock."""
