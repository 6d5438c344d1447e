"""One organization cannot starve another."""
