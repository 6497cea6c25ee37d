"""The limits of a connection to any HTTP port of ours, and of its requests before business code."""
