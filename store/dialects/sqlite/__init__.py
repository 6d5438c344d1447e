"""SQLite: engine, deadlines, error codes, isolated reads."""
