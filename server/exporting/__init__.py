"""Export the rows of any list, streamed as CSV, JSON Lines or Parquet."""
