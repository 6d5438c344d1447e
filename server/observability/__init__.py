"""Logs, metrics and the correlation of everything about one call."""
