"""Fair scheduling between organizations: queues and admission gates."""
