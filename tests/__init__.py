"""Tests of Trackstore; those that need a database run on SQLite and on PostgreSQL."""
