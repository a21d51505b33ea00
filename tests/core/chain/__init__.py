"""Specification of the chain: the worked example, named cases, random ledgers."""
