"""Tests of the Python client, against real servers on real ports."""
