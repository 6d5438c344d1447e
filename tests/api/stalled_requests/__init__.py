"""Requests that fall silent: stalled, resumed, lost, by one server or by several."""
