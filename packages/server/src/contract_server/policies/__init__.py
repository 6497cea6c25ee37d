"""The served policy, and what is recorded of it."""
