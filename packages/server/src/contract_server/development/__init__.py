"""What production never runs."""
