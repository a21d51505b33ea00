"""Tracing: the cases worked out by hand, the laws, and a naive second opinion."""
