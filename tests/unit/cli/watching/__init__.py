"""``trackstore watch``: what it prints and draws, and how it comes back to a server."""
