"""The application: settings, assembled schema, access, routes and observability."""
