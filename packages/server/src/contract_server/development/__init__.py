"""Everything that production never runs: local servers, demonstration data, mailbox, test clock."""
