"""Connections and WebSockets as uvicorn hands them over."""
