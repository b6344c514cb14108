"""Who may ask: users, organisations, tokens, and what each may do where."""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["DEFAULT_TOKEN", "Accounts", "Owner", "User", "entity_id"]

DEFAULT_TOKEN = "hf_emulated_alice"  # noqa: S105 - opens nothing but the emulator
_READER_TOKEN = "hf_emulated_reader"  # noqa: S105 - the same
_OTHER_TOKEN = "hf_emulated_bob"  # noqa: S105 - the same


def entity_id(name: str) -> str:
    """Return the 24 hexadecimal digits that stand for a name.

    >>> len(entity_id("alice"))
    24
    """
    return hashlib.sha256(name.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class User:
    """A user: the organisations she belongs to, whether she can pay, and whether her token may write."""

    name: str
    orgs: tuple[str, ...] = ()
    can_pay: bool = True
    billing_mode: str = "prepaid"
    role: str = "write"


@dataclass(frozen=True, slots=True)
class Owner:
    """A namespace: a user or an organisation."""

    name: str
    type: str

    def answer(self) -> dict[str, Any]:
        """Return the owner as an answer names it."""
        avatar = f"https://cdn.example.invalid/{self.name}.png"
        return {"id": entity_id(self.name), "name": self.name, "type": self.type, "avatarUrl": avatar}


def _default_users() -> dict[str, User]:
    return {
        DEFAULT_TOKEN: User("alice", ("acme",)),
        _READER_TOKEN: User("alice", ("acme",), role="read"),
        _OTHER_TOKEN: User("bob"),
    }


@dataclass(slots=True)
class Accounts:
    """Tokens and whose they are, organisations that cannot pay, and names nobody here belongs to."""

    users: dict[str, User] = field(default_factory=_default_users)
    broke: set[str] = field(default_factory=set)

    def by_token(self, authorization: str | None) -> User | None:
        """Return whose token a header ``Authorization: Bearer TOKEN`` carries."""
        scheme, _, token = (authorization or "").partition(" ")
        return self.users.get(token.strip()) if scheme.lower() == "bearer" else None

    def owner(self, name: str) -> Owner | None:
        """Return the namespace of a name, if there is one."""
        if any(user.name == name for user in self.users.values()):
            return Owner(name, "user")
        return Owner(name, "org") if any(name in user.orgs for user in self.users.values()) else None

    def add(self, token: str, user: dict[str, Any]) -> None:
        """Give a token to a user, described by the fields of ``User``."""
        self.users[token] = replace(User(**user), orgs=tuple(user.get("orgs", ())))

    def whoami(self, user: User) -> dict[str, Any]:
        """Return the answer of ``GET /api/whoami-v2``."""
        role = {"displayName": "emulated", "role": user.role, "createdAt": "2026-01-01T00:00:00.000Z"}
        return {
            "type": "user",
            "id": entity_id(user.name),
            "name": user.name,
            "fullname": user.name.title(),
            "isPro": True,
            "canPay": user.can_pay and user.name not in self.broke,
            "billingMode": user.billing_mode,
            "email": f"{user.name}@example.invalid",
            "emailVerified": True,
            "avatarUrl": Owner(user.name, "user").answer()["avatarUrl"],
            "orgs": [self._org(name) for name in user.orgs],
            "auth": {"type": "access_token", "accessToken": role},
        }

    def _org(self, name: str) -> dict[str, Any]:
        known = {key: value for key, value in Owner(name, "org").answer().items() if key != "type"}
        pays = {"canPay": name not in self.broke, "billingMode": "postpaid", "plan": "team", "roleInOrg": "admin"}
        return {"type": "org", **known, "fullname": name.title(), "isEnterprise": False, **pays}

    def dump(self) -> dict[str, Any]:
        """Return every token and user, for the control plane."""
        return {token: asdict(user) for token, user in self.users.items()}
