"""The database: its connection, its one way of making a transaction, its migrations."""
