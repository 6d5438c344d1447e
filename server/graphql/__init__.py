"""GraphQL as this server runs it: the schema, its limits, errors and responses."""
