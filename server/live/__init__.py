"""Stream live results over WebSockets, server-sent events and multipart."""
