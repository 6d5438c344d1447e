"""Root fields of Subscription, the hub for live events, and the bridge between server processes."""
