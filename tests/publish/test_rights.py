from __future__ import annotations

import re

import pytest

from hf_provenance.errors import AccessError
from hf_provenance.publish.pushing.rights import check_rights, full_id
from hf_provenance.publish.remote.repo import HubRepo, whoami


def me(role="write", orgs=(), **token):
    return {
        "type": "user",
        "name": "alice",
        "orgs": list(orgs),
        "auth": {"type": "access_token", "accessToken": {"role": role, **token}},
    }


def check(repo_id, me, create_pr=False):
    check_rights(HubRepo.of(repo_id), me, create_pr=create_pr)


def test_a_name_without_an_owner_is_ones_own():
    assert full_id("chats", me()) == "alice/chats"
    assert full_id("acme/chats", me()) == "acme/chats"


@pytest.mark.parametrize(
    ("repo_id", "me"),
    [
        ("alice/x", me()),
        ("Alice/x", me()),
        ("acme/x", me(orgs=[{"name": "acme", "roleInOrg": "write"}])),
        ("acme/x", me(orgs=[{"name": "acme", "roleInOrg": "admin"}])),
        ("acme/x", me(orgs=[{"name": "acme", "roleInOrg": "contributor"}])),
        ("acme/x", me(orgs=[{"name": "Acme"}])),
        ("alice/x", {"name": "alice"}),
        ("alice/x", {"name": "alice", "auth": {"type": "oauth"}, "orgs": None}),
        ("acme/x", me("fineGrained")),
        ("acme/x", me("fineGrained", fineGrained={"global": [], "scoped": None})),
        ("acme/x", me("fineGrained", fineGrained={"scoped": [{"permissions": ["repo.write"]}]})),
    ],
)
def test_who_may_write_passes(repo_id, me):
    check(repo_id, me)


@pytest.mark.parametrize(
    ("me", "message"),
    [
        (me("read"), 'make one with the role "write"'),
        (me("fineGrained", fineGrained={"scoped": []}), 'make one with the role "write"'),
        (
            me("fineGrained", fineGrained={"scoped": [{"permissions": ["inference.write"]}]}),
            'make one with the role "write"',
        ),
        (me(), "publish it under ['alice'], or open a pull request with create_pr=True"),
        (me(orgs=[{"name": "beta"}]), "publish it under ['alice', 'beta']"),
        (me(orgs=[{"name": "acme", "roleInOrg": "read"}]), "alice may only read in acme"),
        ({"name": "alice", "orgs": None}, "publish it under ['alice']"),
    ],
)
def test_who_may_not_write_is_told_what_to_do(me, message):
    with pytest.raises(AccessError, match=re.escape(message)):
        check("acme/x", me)


def test_everyone_may_open_a_pull_request_but_not_with_a_token_for_reading():
    check("acme/x", me(), create_pr=True)
    check("acme/x", me(orgs=[{"name": "acme", "roleInOrg": "read"}]), create_pr=True)
    check("acme/x", me("fineGrained", fineGrained={"scoped": []}), create_pr=True)
    with pytest.raises(AccessError, match="may read repos and not write"):
        check("acme/x", me("read"), create_pr=True)


@pytest.mark.parametrize(
    ("role", "orgs", "scopes", "allowed"),
    [
        ("write", {"acme": "write"}, None, True),
        ("write", {"acme": "admin"}, None, True),
        ("write", {"acme": "read"}, None, False),
        ("write", {}, None, False),
        ("read", {"acme": "write"}, None, False),
        ("fineGrained", {"acme": "write"}, None, True),
        ("fineGrained", {"acme": "write"}, {"acme": ["repo.write"]}, True),
        ("fineGrained", {"acme": "write"}, {"acme": ["repo.content.read"]}, False),
    ],
)
def test_what_the_hub_says_of_a_token_decides(hub, role, orgs, scopes, allowed):
    hub.create("acme/x")
    user = hub.add_user("bob", role=role, orgs=orgs, scopes=scopes)
    repo = HubRepo.of("acme/x", token=user.token)
    told = whoami(repo)
    sent = len(hub.requests)
    if allowed:
        check_rights(repo, told, create_pr=False)
    else:
        with pytest.raises(AccessError) as raised:
            check_rights(repo, told, create_pr=False)
        assert user.token not in str(raised.value)
    assert len(hub.requests) == sent
