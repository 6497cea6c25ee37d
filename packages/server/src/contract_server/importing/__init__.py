"""Taking over contracts, contractors and members from files: `docs/import.md` says what the files look like."""
