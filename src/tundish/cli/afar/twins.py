"""
Which commands can be done on another server, and the function that does each: its twin, which takes the same
words, asks the server, and says the answer with the command's own function.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tundish.cli.command import SERVER
from tundish.cli.looked import only_here
from tundish.cli.remote import saved
from tundish.core.errors import InputError
from tundish.remote.opened import opened
from tundish.remote.saved import MOST_TOKEN, Remote, checked
from tundish.remote.server import base
from tundish.settings import load

TWINS = {  # command: module of this package, and function in it
    "audit list": ("history", "audit_list"),
    "bundle export": ("bundles", "export"),
    "bundle import": ("bundles", "import_"),
    "bundle list": ("bundles", "list_"),
    "bundle show": ("bundles", "show"),
    "channel diff": ("channels", "diff"),
    "channel list": ("channels", "list_"),
    "channel promote": ("channels", "promote"),
    "channel resign": ("channels", "resign"),
    "channel rollback": ("channels", "rollback"),
    "channel show": ("channels", "show"),
    "channel tidy": ("channels", "tidy"),
    "check": ("insides", "check"),
    "event list": ("history", "event_list"),
    "image accept": ("images", "accept"),
    "image delete": ("images", "delete"),
    "image diff": ("insides", "diff"),
    "image download": ("downloads", "download"),
    "image hold": ("images", "hold"),
    "image inspect": ("insides", "inspect"),
    "image list": ("images", "list_"),
    "image manifest": ("insides", "manifest"),
    "image pin": ("images", "pin"),
    "image release": ("images", "release"),
    "image restore": ("images", "restore"),
    "image rollback": ("images", "rollback"),
    "image sbom": ("insides", "sbom"),
    "image show": ("images", "show"),
    "image unpin": ("images", "unpin"),
    "image upload": ("uploads", "upload"),
    "image uploads": ("uploads", "list_"),
    "job list": ("jobs", "list_"),
    "job log": ("jobs", "log"),
    "job retry": ("jobs", "retry"),
    "job show": ("jobs", "show"),
    "job stop": ("jobs", "stop"),
    "machine list": ("history", "machine_list"),
    "machine show": ("history", "machine_show"),
    "mirror": ("mirrors", "mirror"),
    "notice commissioning": ("choices", "commissioning"),
    "notice dismiss": ("history", "notice_dismiss"),
    "notice list": ("history", "notice_list"),
    "notice off": ("choices", "notice_off"),
    "notice on": ("choices", "notice_on"),
    "publish": ("channels", "publish"),
    "select add": ("selections", "add"),
    "select list": ("selections", "list_"),
    "select remove": ("selections", "remove"),
    "source add": ("sources", "add"),
    "source browse": ("sources", "browse"),
    "source check": ("sources", "check"),
    "source disable": ("sources", "disable"),
    "source enable": ("sources", "enable"),
    "source list": ("sources", "list_"),
    "source remove": ("sources", "remove"),
    "source restore-default": ("sources", "restore_default"),
    "source set": ("sources", "set_"),
    "source set-stream": ("sources", "set_stream"),
    "source show": ("sources", "show"),
    "store gc": ("store", "gc"),
    "store repair": ("store", "repair"),
    "store usage": ("store", "usage"),
    "store verify": ("store", "verify"),
    "sync": ("syncs", "sync"),
    "sync auto": ("choices", "auto"),
    "sync status": ("syncs", "status"),
    "sync stop": ("syncs", "stop"),
    "token create": ("people", "token_create"),
    "token list": ("people", "token_list"),
    "token revoke": ("people", "token_revoke"),
    "user create": ("people", "user_create"),
    "user disable": ("people", "user_disable"),
    "user enable": ("people", "user_enable"),
    "user grant": ("people", "user_grant"),
    "user list": ("people", "user_list"),
    "user password": ("people", "user_password"),
    "user remove": ("people", "user_remove"),
    "user show": ("people", "user_show"),
    "user ungrant": ("people", "user_ungrant"),
}
HERE = frozenset(  # they have to do with this machine alone
    {"completion", "demo", "doctor", "remote add", "remote list", "remote remove", "remote use"}
)


OF_FILES = {"check", "image diff", "image inspect", "image manifest", "image sbom"}  # or of images


def carry_out(context: click.Context, here: Callable[[click.Context], Any]) -> Any:
    """
    Do on the server what the command says.

    Raises:
        InputError: it can only be done on the server itself.
    """
    name = context.command_path.partition(" ")[2]
    if name in HERE or (name in OF_FILES and only_here(context.params)):
        return here(context)
    twin = TWINS.get(name)
    if twin is None:
        raise InputError(
            f"`tundish {name}` cannot be done from afar: run it on the server itself, without --server and "
            "TUNDISH_SERVER, and after `tundish remote use --here` if a server is in use"
        )
    module, function = twin
    act = getattr(importlib.import_module(f"tundish.cli.afar.{module}"), function)
    settings = load()
    meant = remote(str(context.meta[SERVER]), settings.token_file)
    with opened(meant.url, meant.token, http_proxy=settings.http_proxy, no_proxy=settings.no_proxy) as server:
        return act(server, **context.params)


def remote(name_or_url: str, token_file: Path | None) -> Remote:
    """
    The server that is meant, with its token: one that was saved; or an address, with the token of the file,
    or else with that which was saved for this address.

    Raises:
        NotFound: none is saved under this name.
        InputError: there is no token for this address.
    """
    if "://" not in name_or_url:
        return saved().get(name_or_url)
    if token_file is None:
        found = saved().at(name_or_url)
        if found is not None:
            return found
    return Remote(name_or_url, base(name_or_url), _token(token_file))


def _token(path: Path | None) -> str:
    if path is None:
        raise InputError(
            "a server wants a token: make one there with `tundish token create USER`, and save it here with "
            "`tundish remote add NAME URL`, or in a file that TUNDISH_TOKEN_FILE names"
        )
    try:
        with path.open("rb") as file:
            text = file.read(MOST_TOKEN + 1)
    except OSError as error:
        raise InputError(f"the token file {path} cannot be read: {error.strerror}") from error
    try:
        return checked(text.decode("utf-8", "replace"))
    except InputError:
        raise InputError(
            f"{path} holds no token; save it there as `tundish token create` printed it"
        ) from None
