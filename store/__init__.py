"""The tracking store: plain Python in and out; no GraphQL, no HTTP."""
