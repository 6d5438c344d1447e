"""Statements of the embedded database that run in processes of their own."""
