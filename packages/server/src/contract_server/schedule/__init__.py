"""Due work is done."""
