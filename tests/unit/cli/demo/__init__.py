"""Tests of `trackstore demo`: the play by itself, and in front of a real server."""
