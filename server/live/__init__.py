"""Live results over websockets, server-sent events and multipart: executed once, sent to many."""
