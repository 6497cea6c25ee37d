"""The database: connection, transactions, statements, and migrations."""
