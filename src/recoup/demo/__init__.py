"""The invented country of the demonstration: its institutions, their ledgers and their programs.

Nothing in here imports Django. Every name, number and person is invented; no bank code is assigned.
"""
