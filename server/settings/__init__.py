"""Settings from the environment, checked before the server starts."""
