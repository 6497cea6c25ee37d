"""Queries and mutations: find, permit, call the service, return the result."""
