"""The progress model: how long work will still take, and its timeline."""
