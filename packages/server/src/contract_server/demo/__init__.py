"""Development only: the demonstration data, and time that can be moved."""
