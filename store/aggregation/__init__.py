"""Aggregation: questions over records, compiled to one statement each, answered as frozen values."""
