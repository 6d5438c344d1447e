"""Feeds: records of many keys in the order in which they were committed, to be continued from."""
