"""Define the routes of the application."""
