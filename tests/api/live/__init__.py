"""Live results: replayed, then delivered as they are committed, without gap or repeat."""
