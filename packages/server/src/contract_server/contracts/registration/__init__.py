"""What is registered of a contract: its company, contractor and members, and how a later registration replaces it."""
