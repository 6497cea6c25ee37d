"""What a contractor can keep: the dates as a calendar, and everything that is registered as an archive."""
