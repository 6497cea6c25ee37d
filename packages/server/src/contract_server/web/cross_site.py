"""No page of another site acts with a visitor's session."""

from collections.abc import Container

from contract_server.headers import RequestHeaders

_OWN = ("same-origin", "none")  # a page of ours, or the visitor's own hand


def is_same_site(method: str, headers: RequestHeaders, trusted_origins: Container[str]) -> bool:
    """Whether a request may pass. What a browser sends for another site may not, unless that site's origin is trusted.

    No `Sec-Fetch-Site` and no `Origin`: not a browser, and no session that it would send against its will.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site in _OWN or (origin is not None and origin in trusted_origins):
        return True
    if site is None:
        return origin is None or origin.partition("://")[2] == headers.get(b"host")
    # following a link to a page is no misuse of it: the page it comes from cannot read the answer
    return method == "GET" and headers.get(b"sec-fetch-mode") == "navigate"
