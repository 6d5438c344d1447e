"""Execute the commonest calls without the general machinery of GraphQL."""
