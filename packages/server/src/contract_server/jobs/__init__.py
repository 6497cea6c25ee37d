"""The worker. What falls due is decided by the database; arq only says when to look."""
