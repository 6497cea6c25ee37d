"""Files of a policy's terms."""

from pathlib import Path

TERMS = """
name = "omakase-login"
version = "{version}"
zone = "Asia/Tokyo"
{validity}
[service_end]
unit = "day"
count = 14
[resumption]
unit = "day"
count = 14
[erasure]
unit = "day"
count = {erasure}
"""


def write_terms(folder: Path, version: str = "1.0", *, erasure: int = 45, validity: str = "") -> Path:
    """Write or replace a file of terms."""
    folder.mkdir(exist_ok=True)
    file = folder / f"omakase-login-{version}.toml"
    file.write_text(TERMS.format(version=version, erasure=erasure, validity=validity), encoding="utf-8")
    return file
