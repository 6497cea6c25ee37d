"""The types of the API."""
