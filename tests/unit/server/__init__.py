"""Tests of settings, logs, health, metrics and the command line."""
