"""Bulk loads of operations, built and written column by column."""
