"""
The document of which the `maas` command makes its commands.
"""

import json

from tundish.compat import describe
from tundish.compat.table import HANDLERS, asked_of

# What MAAS's image clients look up, by handler: names of actions.
LOOKED_UP = {
    "AccountHandler": {
        "create_authorisation_token",
        "delete_authorisation_token",
        "list_authorisation_tokens",
        "update_token_name",
    },
    "BootResourceFileUploadHandler": {"update"},
    "BootResourceHandler": {"delete", "read"},
    "BootResourcesHandler": {"create", "import", "is_importing", "read", "stop_import"},
    "BootSourceHandler": {"delete", "read", "update"},
    "BootSourceSelectionHandler": {"delete", "read", "update"},
    "BootSourceSelectionsHandler": {"create", "read"},
    "BootSourcesHandler": {"create", "read"},
    "MaasHandler": {"get_config", "set_config"},
    "UserHandler": {"delete", "read"},
    "UsersHandler": {"create", "read", "whoami"},
    "VersionHandler": {"read"},
}


def test_every_action_that_clients_look_up_is_described() -> None:
    """
    By the names that are in their code.
    """
    named = {each.name: {one.name for one in each.actions} for each in describe.RESOURCES}

    assert LOOKED_UP == {name: named[name] & actions for name, actions in LOOKED_UP.items()}


def test_every_action_has_a_handler() -> None:
    """
    Nothing is described that is not there, and nothing is there that is not described.
    """
    named = {each.name: {one.name for one in each.actions} for each in describe.RESOURCES}

    assert named == {name: set(found) for name, found in HANDLERS.items()}


def test_every_path_leads_to_its_actions() -> None:
    """
    With numbers in place of the parameters.
    """
    lost = [
        each.name
        for each in describe.RESOURCES
        if (asked := asked_of(each.path.replace("{", "").replace("}", ""))) is None
        or {(one.method, one.op) for one in each.actions} != set(asked.handlers)
    ]

    assert [] == lost


def test_fields_stand_behind_the_first_paragraph() -> None:
    """
    The command takes `key=value` only where `:param` does.
    """
    shown = describe.described("http://maas.test:5240")
    resources = shown["resources"]
    assert isinstance(resources, list)
    text = json.dumps(next(each for each in resources if "BootSourcesHandler" in json.dumps(each)))

    assert "\\n\\n:param url: " in text


def test_version_is_for_anybody() -> None:
    """
    It stands under `anon`, and all else under `auth`.
    """
    shown = describe.described("http://maas.test:5240")["resources"]
    assert isinstance(shown, list)

    assert ["VersionHandler"] == [
        each["name"] for each in shown if isinstance(each, dict) and each["auth"] is None
    ]


def test_the_hash_is_that_of_the_document_wherever_it_is_read() -> None:
    """
    Clients compare it with a header of every answer, under whatever name they reach the server.
    """
    one, other = describe.described("http://a.test"), describe.described("http://b.test")

    assert describe.HASH == one["hash"] == other["hash"]
