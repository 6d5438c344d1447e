"""From the call to the store: bounded queue, batches, retry, splitting, spool; every drop counted."""
