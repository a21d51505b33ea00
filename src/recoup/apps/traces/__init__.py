"""Imported ledgers and what tracing says of them."""
