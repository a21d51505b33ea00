"""The money side: claims, facts told by banks, holds, and the trail that balances."""
