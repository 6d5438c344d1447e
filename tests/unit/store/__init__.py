"""Tests of the tracking store: its pure rules, and what it does on both databases."""
