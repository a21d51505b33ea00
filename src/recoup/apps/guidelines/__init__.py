"""How far an organisation follows the guidelines: what is counted, and what it declares."""
