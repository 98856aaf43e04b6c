"""
Users and keys over MAAS's door.
"""

from tests.compat.conftest import Region
from tests.support.maas_cli import API, Cli, ask, signature


def test_who_asks(region: Region) -> None:
    """
    What `maas login` asks first.
    """
    expected = {
        "is_superuser": True,
        "username": "admin",
        "email": "a@b.test",
        "is_local": True,
        "resource_uri": "/MAAS/api/2.0/users/admin/",
    }

    assert expected == region.cli.do("users", "whoami").json


def test_a_key_is_made_listed_renamed_and_taken_back(region: Region) -> None:
    """
    And then opens nothing any more.
    """
    cli = region.cli
    made = cli.do("account", "create-authorisation-token", "name=laptop").json
    key = ":".join(made[name] for name in ("consumer_key", "token_key", "token_secret"))
    other = Cli.login(region.url, key)
    other.do("account", "update-token-name", f"token={key}", "name=desk")
    listed = [each["name"] for each in cli.do("account", "list-authorisation-tokens").json]
    gone = cli.do("account", "delete-authorisation-token", f"token_key={made['token_key']}")
    after = ask(region.url, "GET", f"{API}users/?op=whoami", headers={"Authorization": signature(key)})

    assert (True, 204, 401) == ("desk" in listed, gone.status, after.status)


def test_listed_keys_have_no_secret(region: Region) -> None:
    """
    It is shown once, when the key is made; only its digest is kept.
    """
    listed = region.cli.do("account", "list-authorisation-tokens").text

    assert region.admin.rpartition(":")[2] not in listed


def test_an_admin_makes_and_removes_users(region: Region) -> None:
    """
    Who is no superuser may look.
    """
    cli = region.cli
    words = ("username=nina", "email=n@b.test", "password=quite a long one", "is_superuser=0")
    made = cli.do("users", "create", *words).json
    gone = cli.do("user", "delete", "nina")

    assert (False, 204, 404) == (made["is_superuser"], gone.status, cli.do("user", "read", "nina").status)


def test_others_see_only_themselves(region: Region) -> None:
    """
    Who else there is concerns admins.
    """
    vera = Cli.login(region.url, region.viewer)

    assert (["vera"], 404) == (
        [each["username"] for each in vera.do("users", "read").json],
        vera.do("user", "read", "admin").status,
    )
