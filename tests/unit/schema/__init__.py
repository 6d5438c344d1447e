"""Tests of the GraphQL vocabulary: complete, described, and true to the tables."""
