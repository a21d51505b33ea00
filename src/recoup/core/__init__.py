"""What is true: plain Python, no Django, no clock, no network, no files."""
