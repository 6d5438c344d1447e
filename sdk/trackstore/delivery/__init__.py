"""Delivery to the server: bounded queue, batches, retries and spool. Every drop is counted."""
