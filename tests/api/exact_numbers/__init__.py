"""Numbers that are lost easily, by every way in and every way out."""
