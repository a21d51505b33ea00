"""Tracing through positions: equal to the plain walk, whatever is booked and asked."""
