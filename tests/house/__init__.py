"""Tests of the house rules: what a linter does not know about this project."""
