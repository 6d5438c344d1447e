"""Faults that a test can cause on demand, and what must hold while they last."""
