"""Aggregation as callers use it: its types, its selections, its numbers."""
