"""A whole development environment from wheels: PostgreSQL, Redis, API and worker under one supervisor.

Production runs none of it: there `DATABASE_URL` and `REDIS_URL` point at servers that run by themselves.
"""
