"""The ASGI application around the API."""
