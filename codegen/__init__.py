"""Writes the source code that follows from ``models.operation_fields``: ``make generate``."""
