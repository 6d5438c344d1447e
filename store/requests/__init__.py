"""Requests: watched work with stages, attempts and an event log, moved by one transition table."""
