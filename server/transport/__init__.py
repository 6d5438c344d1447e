"""Adapt uvicorn's connections and WebSockets."""
