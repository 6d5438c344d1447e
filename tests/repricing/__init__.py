"""Recorded operations priced anew."""
