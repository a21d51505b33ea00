"""Composes: settings, addresses, base pages, and the pages that show several stations at once."""
