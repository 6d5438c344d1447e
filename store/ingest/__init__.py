"""The ingest writer: a fair queue of entries, and the transactions that share their commits."""
