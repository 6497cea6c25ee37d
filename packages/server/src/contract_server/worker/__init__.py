"""The arq process: it sweeps and sends mails."""
