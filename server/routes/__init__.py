"""The routes of the application, GraphQL over HTTP among them."""
