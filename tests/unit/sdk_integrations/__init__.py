"""Rules, middlewares, decorators, events and the testing kit of the Python client."""
