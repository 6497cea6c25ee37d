"""A whole development environment from wheels: PostgreSQL, Redis, API and worker under one supervisor.

Nothing here runs in production, where `DATABASE_URL` and `REDIS_URL` point at servers that others keep.
"""
