"""The machine's own Chromium, and nothing else that it would talk to."""

import shutil

# the first starts and draws in two thirds of the time
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)

# nothing that Chromium does of its own accord, and no name but our own address resolves
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # one process draws the pages of all tabs: to start another for each takes a third of a short page's time
    "--process-per-site",
    "--renderer-process-limit=1",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sample}`));
"""
