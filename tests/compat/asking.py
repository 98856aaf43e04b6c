"""
What tests of the door do again and again.
"""

import time
from collections.abc import Callable

from tests.support.maas_cli import Cli, Reply

PATIENCE = 30.0  # seconds


def eventually(found: Callable[[], bool]) -> bool:
    """
    Whether something becomes so before patience ends; asked as pollers do.
    """
    end = time.monotonic() + PATIENCE
    while not found():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def imported(cli: Cli) -> bool:
    """
    Import, and wait as `is-importing` says.
    """
    begun = cli.do("boot-resources", "import")
    return begun.status == 200 and eventually(lambda: not cli.do("boot-resources", "is-importing").json)


def source(cli: Cli, upstream: str, keyring: object) -> int:
    """
    The number of the one source, added by whoever comes first.
    """
    for each in cli.do("boot-sources", "read").json:
        if each["url"] == upstream.rstrip("/"):
            return int(each["id"])
    made = cli.do("boot-sources", "create", f"url={upstream}", f"keyring_data@={keyring}")
    assert made.status == 201, made.text
    return int(made.json["id"])


def detail(cli: Cli, name: str) -> Reply:
    """
    The image of a name, with its sets.
    """
    found = next(each for each in cli.do("boot-resources", "read").json if each["name"] == name)
    return cli.do("boot-resource", "read", str(found["id"]))
