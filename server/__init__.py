"""Serve Trackstore over HTTP: settings, schema, access, routes and observability."""
