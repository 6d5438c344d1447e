"""Limits: consumed atomically on every level that applies, reserved, committed, released."""
