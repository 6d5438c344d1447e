"""The fast path of execution: compiled inputs, compiled rows, cached documents. Invisible by design."""
