"""Aggregate in GraphQL: types derived from the catalog of sources, queries read, answers written."""
