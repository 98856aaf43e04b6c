"""
Settings from flags, environment and defaults, and what is refused.
"""

from dataclasses import asdict
from pathlib import Path

import pytest

from tundish import settings
from tundish.core.errors import InputError
from tundish.settings import load


def test_the_defaults() -> None:
    """
    Without flags and variables every setting has the value that its table says.
    """
    plain = load({}, root=True)

    assert {
        "state": Path("/var/lib/tundish"),
        "cache": Path("/var/cache/tundish"),
        "host": "127.0.0.1",
        "control_port": 5240,
        "file_port": 5248,
        "parallel": 8,
        "http_proxy": None,
        "no_proxy": (),
        "allowed_hosts": (),
        "kernel_arguments": "",
        "epoch": None,
        "tls_certificate": None,
        "tls_key": None,
        "tls_files": False,
        "trusted_proxies": (),
        "public_url": "",
        "metrics_open": (),
        "address_rate": 400,
        "token_rate": 200,
        "log_format": "text",
        "token_file": None,
    } == asdict(plain)


def test_every_setting_has_its_row() -> None:
    """
    The table names exactly the fields there are.
    """
    assert set(settings.TABLE) == set(asdict(load({}, root=True)))


def test_no_variable_stands_twice() -> None:
    """
    Each setting has a variable of its own.
    """
    variables = [row.variable for row in settings.TABLE.values()]

    assert sorted(set(variables)) == sorted(variables)


def test_a_flag_wins_over_its_variable() -> None:
    """
    A flag that is given decides.
    """
    assert 9 == load({"TUNDISH_PARALLEL": "3"}, root=True, parallel=9).parallel


def test_a_variable_wins_over_the_default() -> None:
    """
    A variable decides where no flag is given.
    """
    assert 3 == load({"TUNDISH_PARALLEL": "3"}, root=True, parallel=None).parallel


def test_an_empty_variable_is_not_set() -> None:
    """
    An empty variable leaves the default.
    """
    assert 8 == load({"TUNDISH_PARALLEL": ""}, root=True).parallel


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_STATE_HOME": "/home/op/states"}, "/home/op/states/tundish"),
        ({"TUNDISH_STATE": "/srv/images", "XDG_STATE_HOME": "/home/op/states"}, "/srv/images"),
    ],
)
def test_the_state_of_a_user(environment: dict[str, str], folder: str) -> None:
    """
    Who is not root has the state below the XDG folder, unless it is named.
    """
    assert Path(folder) == load(environment, root=False).state


@pytest.mark.parametrize("environment", [{}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "states"}])
def test_the_state_of_a_user_without_xdg(environment: dict[str, str]) -> None:
    """
    An XDG folder that is not set, or relative, does not count.
    """
    assert Path("~/.local/state/tundish").expanduser() == load(environment, root=False).state


def test_a_relative_folder_is_made_whole() -> None:
    """
    A folder is remembered by its full path.
    """
    assert Path("images").absolute() == load({"TUNDISH_STATE": "images"}, root=True).state


def test_root_keeps_its_state_where_services_do() -> None:
    """
    XDG variables mean nothing to root's defaults.
    """
    assert Path("/var/lib/tundish") == load({"XDG_STATE_HOME": "/home/op/states"}, root=True).state


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TUNDISH_PARALLEL", "0"),
        ("TUNDISH_PARALLEL", "65"),
        ("TUNDISH_PARALLEL", "-1"),
        ("TUNDISH_PARALLEL", "٣"),
        ("TUNDISH_PARALLEL", "3.0"),
        ("TUNDISH_PARALLEL", "9" * 5000),
        ("TUNDISH_FILE_PORT", "65536"),
        ("TUNDISH_CONTROL_PORT", "http"),
        ("TUNDISH_KERNEL_ARGUMENTS", "quiet\nboot"),
        ("TUNDISH_STATE", "~nobody-of-this-name/images"),
        ("TUNDISH_STATE", "~nobody\0/images"),
        ("SOURCE_DATE_EPOCH", "today"),
    ],
)
def test_what_cannot_be_meant_is_refused(variable: str, value: str) -> None:
    """
    A value that is not of its kind is refused, and its variable is named.
    """
    with pytest.raises(InputError, match=variable):
        load({variable: value}, root=True)


def test_hosts_without_proxy_are_a_list() -> None:
    """
    The hosts to ask directly stand with commas between; blanks and empty words do not count.
    """
    assert ("a.lab", ".b", "c:80") == load({"TUNDISH_NO_PROXY": " a.lab, .b,,c:80 ,"}, root=True).no_proxy


def test_a_list_of_flags_is_a_list_of_words() -> None:
    """
    A flag that may be given several times makes the list; none given leaves the variable's.
    """
    env = {"TUNDISH_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2"}
    given, not_given = (
        load(env, root=True, trusted_proxies=("::1",)),
        load(env, root=True, trusted_proxies=()),
    )

    assert (("::1",), ("10.0.0.1", "10.0.0.2")) == (given.trusted_proxies, not_given.trusted_proxies)


@pytest.mark.parametrize(("name", "text"), [("TUNDISH_TLS_FILES", "maybe"), ("TUNDISH_LOG_FORMAT", "xml")])
def test_a_choice_that_is_none_is_refused(name: str, text: str) -> None:
    """
    The message names the variable and what may be given.
    """
    with pytest.raises(InputError, match=rf"{name}='{text}': give "):
        load({name: text}, root=True)
