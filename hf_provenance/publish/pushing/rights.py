"""Who a token belongs to, and whether that person may write to a repo with it.

Asked before anything is uploaded. What the Hub does not tell is not held against anyone: it
refuses itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_provenance.errors import AccessError
from hf_provenance.publish.remote.repo import HubRepo


def full_id(repo_id: str, me: Mapping[str, Any]) -> str:
    """`owner/name`; a name without owner is one's own.

    Args:
        repo_id: As the caller gave it.
        me: What `whoami` says.
    """
    return repo_id if "/" in repo_id else f"{me['name']}/{repo_id}"


def check_rights(repo: HubRepo, me: Mapping[str, Any], *, create_pr: bool) -> None:
    """Refuse where the Hub tells that this token may not write.

    Args:
        repo: The repo, with its owner.
        me: What `whoami` says.
        create_pr: Whether a pull request is meant, which everyone who can read may open.

    Raises:
        AccessError: The token may only read, or its owner has no part in the name space.
    """
    token = (me.get("auth") or {}).get("accessToken") or {}
    role = token.get("role")
    if role == "read" or (role == "fineGrained" and not create_pr and not _writes_repos(token)):
        raise AccessError(
            f"the token of {me['name']} may read repos and not write to them, so nothing was "
            f'sent to {repo.name}: make one with the role "write" at '
            f"{repo.api.endpoint}/settings/tokens, and log in with `hf auth login`."
        )
    if create_pr or role == "fineGrained":
        return
    owner = repo.repo_id.partition("/")[0]
    roles = {str(org.get("name")).lower(): org.get("roleInOrg") for org in me.get("orgs") or ()}
    if owner.lower() == str(me["name"]).lower():
        return
    if owner.lower() not in roles:
        raise AccessError(
            f"{repo.name} belongs to {owner}, and {me['name']} does not: publish it under "
            f"{[str(me['name']), *sorted(roles)]}, or open a pull request with create_pr=True."
        )
    if roles[owner.lower()] == "read":
        raise AccessError(
            f'{me["name"]} may only read in {owner}: ask its admins for the role "write" or '
            '"contributor", or open a pull request with create_pr=True.'
        )


def _writes_repos(token: Mapping[str, Any]) -> bool:
    """Whether a fine-grained token may write to any repo; True where it does not say."""
    scopes = (token.get("fineGrained") or {}).get("scoped")
    if not isinstance(scopes, list):
        return True
    return any(
        str(permission).startswith("repo.") and str(permission).endswith("write")
        for scope in scopes
        for permission in scope.get("permissions") or ()
    )
