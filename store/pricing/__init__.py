"""Prices per 1,000 tokens, the cost of an operation, and token counts."""
