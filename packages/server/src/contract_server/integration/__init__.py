"""Other services read what becomes of contracts, each with an identity and scopes of its own."""
