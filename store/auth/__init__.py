"""Authentication and authorization: principals, API keys, sign-ins and tenant bounds."""
