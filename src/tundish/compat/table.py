"""
Which function answers which call: the calls of `describe`, each with its handler.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tundish.compat import people, racks, resources, selections, settings, sources, upload
from tundish.compat.call import Handler
from tundish.compat.describe import RESOURCES

Spoken: TypeAlias = tuple[str, str | None]  # method and operation

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "AccountHandler": {
        "create_authorisation_token": people.create_token,
        "delete_authorisation_token": people.delete_token,
        "list_authorisation_tokens": people.list_tokens,
        "update_token_name": people.rename_token,
    },
    "BootResourceFileUploadHandler": {"update": upload.send},
    "BootResourceHandler": {"delete": resources.delete, "read": resources.read},
    "BootResourcesHandler": {
        "create": upload.create,
        "import": resources.start_import,
        "is_importing": resources.is_importing,
        "read": resources.read_all,
        "stop_import": resources.stop_import,
    },
    "BootSourceHandler": {"delete": sources.delete, "read": sources.read, "update": sources.update},
    "BootSourceSelectionHandler": {
        "delete": selections.delete,
        "read": selections.read,
        "update": selections.update,
    },
    "BootSourceSelectionsHandler": {"create": selections.create, "read": selections.read_all},
    "BootSourcesHandler": {"create": sources.create, "read": sources.read_all},
    "MaasHandler": {"get_config": settings.get_config, "set_config": settings.set_config},
    "RackControllerHandler": {
        "import_boot_images": racks.import_boot_images,
        "list_boot_images": racks.list_boot_images,
    },
    "RackControllersHandler": {"import_boot_images": racks.import_boot_images},
    "UserHandler": {"delete": people.delete_user, "read": people.read_user},
    "UsersHandler": {"create": people.create_user, "read": people.read_users, "whoami": people.whoami},
    "VersionHandler": {"read": racks.version},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is asked of: what can be done there, the names in the path, and the operation if the path names it.
    """

    handlers: Mapping[Spoken, Handler]
    is_anonymous: bool
    takes_bytes: bool  # the body is no form
    names: Mapping[str, str]
    op: str | None


def asked_of(path: str) -> Asked | None:
    """
    What a path below the prefix asks of; None: there is nothing.
    """
    base, op = path, None
    suffix = _OP.search(path)
    if suffix is not None:
        base, op = path[: suffix.start() + 1], suffix[1]
    for resource, pattern in _PATTERNS:
        found = pattern.fullmatch(base)
        if found is not None:
            handlers = {(one.method, one.op): HANDLERS[resource.name][one.name] for one in resource.actions}
            takes_bytes = resource.name == _RAW
            return Asked(handlers, resource.is_anonymous, takes_bytes, found.groupdict(), op)
    return None


_RAW = "BootResourceFileUploadHandler"
_OP = re.compile(r"/op-([a-z_]{1,60})/?$")
_PATTERNS = tuple(
    (each, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]{1,255})", each.path))) for each in RESOURCES
)
