"""Tests of the whole system: real processes, a real database, and what goes wrong between them."""
