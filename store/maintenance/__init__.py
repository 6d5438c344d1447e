"""Background upkeep: partitions, retention, write readiness, failure logging."""
