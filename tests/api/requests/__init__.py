"""Requests through the public API: retries, facts that arrive late, values over their limits."""
