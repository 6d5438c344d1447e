"""Tests of single packages, each in a folder of its name."""
