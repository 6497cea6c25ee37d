"""A fake `contract-server`; each command holds a lock on a file of its name while it lives."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from contract_server.development.servers.file_lock import FileLock


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main(name: str, *arguments: str) -> None:
    FileLock(Path(os.environ["MAIL_DIR"]).parent / f"{name}.alive").acquire()
    print(f"{name} {' '.join(arguments)} has process {os.getpid()}", flush=True)
    if os.environ.get("BROKEN") == name:
        sys.exit(3)
    if os.environ.get("STUBBORN") == name:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if name == "serve":
        HTTPServer(("127.0.0.1", int(arguments[-1])), Ready).serve_forever()
    while name == "worker":
        signal.pause()


main(*sys.argv[1:])
