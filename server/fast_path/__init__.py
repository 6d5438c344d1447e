"""Execute the most frequent calls without the general machinery of GraphQL."""
