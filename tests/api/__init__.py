"""Tests of the GraphQL API and of exports, called as clients call them."""
