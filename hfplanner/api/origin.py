"""Where requests may go: one origin, checked before anything is sent, and paths that cannot leave it."""

from urllib.parse import quote, urljoin, urlsplit

from hfplanner.errors import UsageError, quoted

__all__ = ["check_endpoint", "is_loopback", "join_path", "resolve", "same_origin"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"https": 443, "http": 80}


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine, by the three names that cannot be anything else.

    >>> is_loopback("127.0.0.1"), is_loopback("example.com")
    (True, False)
    """
    return host in _LOOPBACK


def check_endpoint(endpoint: str) -> str:
    """Return the endpoint, or refuse one that is not https (http is allowed on loopback only).

    Raises:
        UsageError: no host, another scheme, blanks, or a user name, query or fragment in it.

    >>> check_endpoint("https://huggingface.co")
    'https://huggingface.co'
    """
    hint = "Set HF_ENDPOINT to https://HOST, or http://127.0.0.1:PORT for a local server."
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"The Hub's endpoint {quoted(endpoint)} is not a URL.", hint=hint) from error
    if any(character.isspace() or not character.isprintable() for character in endpoint):
        raise UsageError(f"The Hub's endpoint {quoted(endpoint)} has blanks in it.", hint=hint)
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise UsageError(f"The Hub's endpoint {quoted(endpoint)} is not an https URL.", hint=hint)
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(f"The Hub's endpoint {quoted(endpoint)} is not encrypted.", hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("The Hub's endpoint has a user name, a query or a fragment in it.", hint=hint)
    return endpoint


def join_path(*segments: str) -> str:
    """Return a path whose segments cannot be read as anything but segments.

    Raises:
        UsageError: an empty segment, ``"."``, ``".."``, or one that has no UTF-8 form.

    >>> join_path("api", "jobs", "acme", "a/b?c"), join_path("api", "jobs", "hardware")
    ('/api/jobs/acme/a%2Fb%3Fc', '/api/jobs/hardware')
    """
    quoted = []
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise UsageError(f"{segment!r} is not a name the Hub could know.", hint="Give a namespace or an id.")
        try:
            quoted.append(quote(segment, safe=""))
        except UnicodeEncodeError as error:
            raise UsageError("A name holds characters that cannot be sent.", hint="Give it as UTF-8.") from error
    return "".join(f"/{segment}" for segment in quoted)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def same_origin(one: str, other: str) -> bool:
    """Tell whether two URLs have scheme, host and port in common; what is not a URL has no origin.

    >>> same_origin("https://huggingface.co/api", "https://huggingface.co:443/other")
    True
    >>> same_origin("https://huggingface.co", "http://huggingface.co")
    False
    """
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def resolve(base: str, reference: str) -> str | None:
    """Return the URL that a ``Location`` or ``Link`` of ``base`` means, or ``None`` for what is none.

    >>> resolve("https://huggingface.co/api/jobs/acme", "?cursor=x")
    'https://huggingface.co/api/jobs/acme?cursor=x'
    >>> resolve("https://huggingface.co/", "http://[") is None
    True
    """
    try:
        url = urljoin(base, reference)
        parts = urlsplit(url)
        unsafe = parts.username is not None or parts.password is not None
    except ValueError:
        return None
    return None if unsafe or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url) else url
