"""Conditions whose value is null or an absent variable: refused wherever something is asked."""
