"""How others write it: one folder a standard. Imports core only."""
