"""The second factor of operators: passkeys, and recovery codes in their place."""
