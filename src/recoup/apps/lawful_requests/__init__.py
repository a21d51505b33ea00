"""What an authority sends to an addressee, and what comes back."""
