"""Who may do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .repos import Repo


@dataclass(frozen=True)
class User:
    """A person with one token.

    Args:
        name: The name, which is also a name space.
        token: The token, as the client sends it.
        role: Of the token: `write`, `read` or `fineGrained`.
        orgs: The person's role in each organization: `read`, `write` or `admin`.
        scopes: What a fine-grained token is for: the permissions (`repo.write`, ...) by name space
            or repository. Without, it is for all that the person may do.
    """

    name: str
    token: str
    role: str = "write"
    orgs: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, Sequence[str]] | None = None

    def may_read(self, repo: Repo) -> bool:
        return not repo.private or self._is_member(repo.namespace)

    def may_open(self, repo: Repo) -> bool:
        """Whether the files of a repository are for this person, gated or not."""
        let_in = not repo.gated or self._is_member(repo.namespace) or self.name in repo.granted
        return self.may_read(repo) and let_in

    def may_write_in(self, namespace: str, repo_id: str = "") -> bool:
        """Whether the person, and the token, may write in a name space or one repository of it."""
        own = namespace == self.name or self.orgs.get(namespace) in {"write", "admin"}
        if self.role != "fineGrained" or self.scopes is None:
            return own and self.role != "read"
        granted = (*self.scopes.get(namespace, ()), *self.scopes.get(repo_id, ()))
        return own and "repo.write" in granted

    def may_write(self, repo: Repo) -> bool:
        return self.may_write_in(repo.namespace, repo.id)

    def _is_member(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.orgs

    def whoami(self) -> dict[str, Any]:
        """What the Hub says to "who am I"."""
        token: dict[str, Any] = {"displayName": "t", "role": self.role}
        if self.role == "fineGrained":
            token["fineGrained"] = {"global": [], "scoped": self._scoped()}
        return {
            "type": "user",
            "id": f"user-{self.name}",
            "name": self.name,
            "fullname": self.name,
            "email": f"{self.name}@example.org",
            "emailVerified": True,
            "canPay": False,
            "isPro": False,
            "periodEnd": None,
            "orgs": [
                {"type": "org", "id": f"org-{org}", "name": org, "fullname": org, "roleInOrg": role}
                for org, role in self.orgs.items()
            ],
            "auth": {"type": "access_token", "accessToken": token},
        }

    def _scoped(self) -> list[dict[str, Any]]:
        scopes = self.scopes
        if scopes is None:
            writable = [org for org, role in self.orgs.items() if role != "read"]
            every = ("repo.content.read", "repo.write")
            scopes = dict.fromkeys((self.name, *writable), every)
        return [
            {
                "entity": {"_id": name, "type": self._entity(name), "name": name},
                "permissions": list(permissions),
            }
            for name, permissions in scopes.items()
        ]

    def _entity(self, name: str) -> str:
        if "/" in name:
            return "dataset"
        return "user" if name == self.name else "org"
