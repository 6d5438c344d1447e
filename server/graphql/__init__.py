"""Run GraphQL: the schema, its limits, errors and responses."""
