"""Organisations, people and their mandates, sign-in, keys of machines."""
