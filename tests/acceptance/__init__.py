"""What the first users must be able to do, row by row, through the public GraphQL API."""
