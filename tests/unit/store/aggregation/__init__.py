"""Aggregations: values, buckets, statements, and answers held against plain Python."""
