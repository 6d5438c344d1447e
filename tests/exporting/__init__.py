"""Exports by HTTP."""
