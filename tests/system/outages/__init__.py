"""What the server does while its database is silent, slow or locked by others."""
