"""Pages through the public API: complete, in order, and at a known cost."""
