"""Tests of the command line: what it prints, refuses and returns."""
