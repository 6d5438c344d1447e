"""Tests of the pages: their components on Node.js, and whole stories in a real browser."""
