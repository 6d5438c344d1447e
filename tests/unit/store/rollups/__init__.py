"""Tests of rollups: what they say is what the records say."""
