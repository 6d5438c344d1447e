"""Decide who may call: keys, cookies, origins, hosts and admission."""
