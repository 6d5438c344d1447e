"""The fast path held against the stock path: the same calls, and no difference in any answer or row."""
