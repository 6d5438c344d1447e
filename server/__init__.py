"""The application: settings, assembled schema, access, health and the command line."""
