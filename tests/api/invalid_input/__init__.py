"""Input that is wrong, broken or meant to harm: each has a clear answer, alike on both databases."""
