"""The pages that browsers get: built from ``dashboard/`` into ``dist``, and served from there."""
