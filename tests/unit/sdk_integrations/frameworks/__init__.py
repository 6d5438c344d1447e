"""Services on the oldest and newest web frameworks, each run by its own server."""
