"""Sums of operations by hour and day: kept by the writer, merged in the background, read in place of rows."""
