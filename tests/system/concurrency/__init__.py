"""Many callers and several servers at once: nothing lost, nothing twice, nothing locked."""
