"""What tests are written with: the invented country, its banks, the running hub, the browser."""
