"""Large ledgers with their FIFO positions: loaded, traced, and booked into, within the database."""
