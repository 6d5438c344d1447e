"""Recorded operations priced again."""
