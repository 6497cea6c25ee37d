"""PostgreSQL and Redis from wheels."""
