"""The token: found as ``huggingface_hub`` finds it, checked before use, and kept out of everything that is shown."""

import os
import re
from typing import TYPE_CHECKING, NoReturn

import httpx

from hfplanner.api.origin import check_endpoint, same_origin
from hfplanner.api.secrets import hide
from hfplanner.api.settings import read_hub_settings
from hfplanner.errors import TokenError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["BearerAuth", "Token", "find_token"]

# What a header may carry as a bearer token: RFC 6750 section 2.1. Longer than any token of the Hub, JWTs included.
_SHAPE = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_LONGEST = 8192
_HINT = "Run `hf auth login`, or set HF_TOKEN."


class Token:
    """A token of the Hub that does not show itself.

    Neither ``repr``, ``str`` nor formatting reveal it, it is not pickled, and only :meth:`reveal` returns it.

    Raises:
        TokenError: empty, longer than 8192 characters, or with a character no bearer token has.

    >>> token = Token("hf_example")
    >>> token, f"{token:>30}", str(token), token == Token("hf_example")
    (Token(hidden), 'Token(hidden)', 'Token(hidden)', True)
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise TokenError("The token is empty.", hint=_HINT)
        if len(value) > _LONGEST or _SHAPE.fullmatch(value) is None:
            raise TokenError("The token holds characters no token of the Hub has, or is too long.", hint=_HINT)
        self._value = value

    def reveal(self) -> str:
        """Return the token itself, for the Authorization header and nothing else."""
        return self._value

    def hide_in(self, text: str) -> str:
        """Return the text with every occurrence of the token replaced, however it is spelled.

        >>> Token("hf_example").hide_in("bad token hf_example!")
        'bad token [hidden]!'
        """
        return hide(text, (self._value,))

    def __repr__(self) -> str:
        return "Token(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> "Token":
        return self

    def __deepcopy__(self, memo: object) -> "Token":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a token is not pickled")


def find_token() -> Token | None:
    """Return the token ``huggingface_hub`` would send: of the environment, the token file, or a CI exchange.

    ``None`` means not logged in, or ``HF_HUB_DISABLE_IMPLICIT_TOKEN`` is set.

    Raises:
        TokenError: there is one that cannot be read or sent.
        UsageError: ``HF_ENDPOINT`` is not a Hub to talk to; importing ``huggingface_hub`` fails on some of those.
    """
    check_endpoint(read_hub_settings(os.environ).endpoint)
    found: str | None = None
    failed: str | None = None
    try:
        from huggingface_hub import constants, get_token  # noqa: PLC0415 - 50 ms that only a request with a token needs

        if not constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            found = get_token()
    # Its variables are read as it is imported: HF_HUB_DOWNLOAD_TIMEOUT=soon is an error of the import.
    except Exception as error:  # noqa: BLE001 - huggingface_hub documents no set of errors; their texts may hold secrets
        failed = type(error).__name__
    if failed is not None:
        raise TokenError(f"The token of the Hub could not be read ({failed}).", hint=_HINT)
    return Token(found) if found else None


class BearerAuth(httpx.Auth):
    """Puts the token on requests to one origin and on no others.

    >>> request = httpx.Request("GET", "https://elsewhere.example/")
    >>> "authorization" in next(BearerAuth(Token("hf_example"), "https://huggingface.co").auth_flow(request)).headers
    False
    """

    def __init__(self, token: Token | None, endpoint: str) -> None:
        self._token = token
        self._endpoint = endpoint

    def auth_flow(self, request: httpx.Request) -> "Generator[httpx.Request, httpx.Response, None]":
        """Yield the request, once."""
        if self._token is not None and same_origin(str(request.url), self._endpoint):
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request
