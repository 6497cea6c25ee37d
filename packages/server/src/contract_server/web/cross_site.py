"""Protection against cross-site requests, so that pages of other sites cannot use a visitor's session."""

from collections.abc import Container

from contract_server.headers import RequestHeaders

_SAME_SITE = ("same-origin", "none")  # "none": the visitor typed the address or opened a bookmark


def is_same_site(method: str, headers: RequestHeaders, trusted_origins: Container[str]) -> bool:
    """Whether a request comes from our own pages, from a trusted origin, or from a client that is no browser.

    A request without `Sec-Fetch-Site` and `Origin` is not from a browser, so it carries no cookies involuntarily.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site in _SAME_SITE or (origin is not None and origin in trusted_origins):
        return True
    if site is None:
        return origin is None or origin.partition("://")[2] == headers.get(b"host")
    # links from other sites are harmless: the linking page cannot read the response
    return method == "GET" and headers.get(b"sec-fetch-mode") == "navigate"
