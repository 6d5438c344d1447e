"""The first users' programs as processes of their own, on a server that runs for each test."""
