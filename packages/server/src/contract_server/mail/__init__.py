"""Every queued mail is delivered."""
