"""Tests of `trackstore import`: reading, mapping, sending, and the facts of real files."""
