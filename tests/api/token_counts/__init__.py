"""Token counts beside input and output: caches, reasoning, audio."""
