"""A database that refuses for a while: its callers are told to come back, and everything heals."""
