"""The contract-termination backend of おまかせログイン."""
