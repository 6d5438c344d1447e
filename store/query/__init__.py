"""Queries over records: filters, keyset pagination, listings."""
