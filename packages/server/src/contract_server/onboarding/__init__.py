"""Where contracts and accounts come from: file imports, and accounts that operators add."""
