"""Aggregation in GraphQL: types derived from the catalog of sources, questions read, answers written."""
