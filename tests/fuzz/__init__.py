"""Input that nobody thought of: the server answers all of it, and none with a mistake of its own."""
