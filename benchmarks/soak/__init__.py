"""A soak: mixed traffic for an hour by the clock, and whether the server stays as large as it was."""
