"""No principal gets anything of another tenant, or without the scope it needs."""
