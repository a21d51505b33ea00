"""Checks from outside what a hub says happened: its log, and the bundles it hands to courts.

It trusts neither the hub nor its database: all it takes as given is a public key and, for the log,
a checkpoint that somebody else kept. It knows no Django and nothing of the hub's own code; of other
packages it needs `cryptography` alone. Every byte it reads is specified in docs/audit-format.md.
"""

from __future__ import annotations

__version__ = "0.1.0"
