"""A loss as it was told: five facts first, contact and story later."""
