"""
What MAAS's clients ask first: which resources there are, what can be done with them, and with which fields.

The `maas` command makes its commands of this, and takes `key=value` only where a doc has `:param` after its
first paragraph. The hash names this text; clients compare it with the header of every answer.
"""

import hashlib
import json
from dataclasses import dataclass

from tundish.core.image import Json

PREFIX = "/MAAS/api/2.0/"
MEDIA_TYPE = "application/json"  # exactly: with a charset behind it, the `maas` command refuses to log in


@dataclass(frozen=True, slots=True)
class Action:
    """
    One thing to do. `fields`: name and meaning of what may be sent, in the order of the documentation.
    """

    name: str
    method: str
    op: str | None
    title: str
    detail: str
    fields: tuple[tuple[str, str], ...] = ()

    def shown(self) -> dict[str, Json]:
        params = "\n".join(f":param {name}: {text}\n:type {name}: string" for name, text in self.fields)
        return {
            "name": self.name,
            "method": self.method,
            "op": self.op,
            "restful": self.op is None,
            "doc": "\n\n".join(filter(None, (self.title, self.detail, params))),
        }


@dataclass(frozen=True, slots=True)
class Resource:
    """
    A noun; `path` is relative to the prefix, with its parameters in braces.
    """

    name: str
    path: str
    doc: str
    actions: tuple[Action, ...]
    is_anonymous: bool = False

    @property
    def params(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    def shown(self, base: str) -> dict[str, Json]:
        return {
            "name": self.name,
            "doc": self.doc,
            "params": list(self.params),
            "path": f"{PREFIX}{self.path}",
            "uri": f"{base}{PREFIX}{self.path}",
            "actions": [action.shown() for action in self.actions],
        }


def _read(title: str, *fields: tuple[str, str]) -> Action:
    return Action("read", "GET", None, title, "Answers with JSON.", fields)


def _delete(title: str, detail: str) -> Action:
    return Action("delete", "DELETE", None, title, detail)


_SOURCE_FIELDS = (
    ("url", "where the stream is: its base, or its index below streams/v1/"),
    ("name", "what it is called; its URL if nothing is given"),
    ("keyring_filename", "file on the server that holds the public keys of the stream"),
    ("keyring_data", "the public keys themselves, as a file or as base64"),
    ("priority", "a number; of several sources with one image, the highest counts"),
    ("enabled", "true or false"),
    ("skip_keyring_verification", "true: take the stream without a signature"),
)
_SELECTION_FIELDS = (
    ("os", "the operating system, as in ubuntu"),
    ("release", "the release, as in noble"),
    ("arches", "architectures, given once or repeatedly; * for all"),
    ("subarches", "kernels, given once or repeatedly; * for all"),
    ("labels", "labels, given once or repeatedly; * for all"),
)
_UPLOAD_FIELDS = (
    ("name", "the image, as in custom/rocky9"),
    ("architecture", "architecture and kind, as in amd64/generic"),
    ("sha256", "SHA-256 of the whole content, in hex"),
    ("size", "bytes of the whole content"),
    ("title", "what people read"),
    ("filetype", "tgz, tbz, txz, ddtgz, ddtbz, ddtxz, ddtar, ddbz2, ddgz, ddxz or ddraw; tgz if not given"),
    ("base_image", "of a custom image: what it was made from, as in ubuntu/noble"),
    ("content", "the file; the client sends it piece by piece after this call"),
)

RESOURCES = (
    Resource(
        "AccountHandler",
        "account/",
        "The keys of the user who asks.",
        (
            Action(
                "create_authorisation_token",
                "POST",
                "create_authorisation_token",
                "Make a key",
                "Its secret is shown in this answer only.",
                (("name", "what the key is called"),),
            ),
            Action(
                "delete_authorisation_token",
                "POST",
                "delete_authorisation_token",
                "Take a key back",
                "It opens nothing any more.",
                (("token_key", "the middle part of the key"),),
            ),
            Action(
                "list_authorisation_tokens",
                "GET",
                "list_authorisation_tokens",
                "List the keys",
                "Their secrets are not shown.",
            ),
            Action(
                "update_token_name",
                "POST",
                "update_token_name",
                "Call a key something else",
                "The key itself stays.",
                (("token", "the middle part of the key"), ("name", "what it is called from now on")),
            ),
        ),
    ),
    Resource(
        "BootResourceFileUploadHandler",
        "boot-resources/{resource_id}/upload/{id}/",
        "A file on its way in.",
        (Action("update", "PUT", None, "Send the next piece", "The body is the raw bytes."),),
    ),
    Resource(
        "BootResourceHandler",
        "boot-resources/{id}/",
        "One image.",
        (_delete("Delete an image", "Its bytes go after the grace period."), _read("Show an image")),
    ),
    Resource(
        "BootResourcesHandler",
        "boot-resources/",
        "The images.",
        (
            Action("create", "POST", None, "Start an upload", "Answers where to send it.", _UPLOAD_FIELDS),
            Action("import", "POST", "import", "Start a sync", "Answers at once; ask is_importing."),
            Action("is_importing", "GET", "is_importing", "Is a sync under way?", "Answers true or false."),
            _read("List the images", ("type", "all, synced or uploaded; all if not given")),
            Action("stop_import", "POST", "stop_import", "Stop the sync", "What came is kept."),
        ),
    ),
    Resource(
        "BootSourceHandler",
        "boot-sources/{id}/",
        "One source of images.",
        (
            _delete("Delete a source", "Its selections go with it."),
            _read("Show a source"),
            Action("update", "PUT", None, "Change a source", "What is not given stays.", _SOURCE_FIELDS),
        ),
    ),
    Resource(
        "BootSourceSelectionHandler",
        "boot-sources/{boot_source_id}/selections/{id}/",
        "One selection of a source.",
        (
            _delete("Delete a selection", "Images that nothing else selects go with it."),
            _read("Show a selection"),
            Action(
                "update", "PUT", None, "Change a selection", "What is not given stays.", _SELECTION_FIELDS
            ),
        ),
    ),
    Resource(
        "BootSourceSelectionsHandler",
        "boot-sources/{boot_source_id}/selections/",
        "What is wanted from a source.",
        (
            Action("create", "POST", None, "Select images", "Start a sync to get them.", _SELECTION_FIELDS),
            _read("List the selections"),
        ),
    ),
    Resource(
        "BootSourcesHandler",
        "boot-sources/",
        "The sources of images.",
        (
            Action("create", "POST", None, "Add a source", "It is asked before it is kept.", _SOURCE_FIELDS),
            _read("List the sources"),
        ),
    ),
    Resource(
        "MaasHandler",
        "maas/",
        "The settings.",
        (
            Action(
                "get_config",
                "GET",
                "get_config",
                "Show a setting",
                "Answers with its value.",
                (("name", "its name"),),
            ),
            Action(
                "set_config",
                "POST",
                "set_config",
                "Change a setting",
                "It counts at once.",
                (("name", "its name"), ("value", "what it is from now on")),
            ),
        ),
    ),
    Resource(
        "RackControllerHandler",
        "rack-controllers/{system_id}/",
        "A rack controller; there are none here, the server itself serves the images.",
        (
            Action("import_boot_images", "POST", "import_boot_images", "Fetch images", "Does nothing here."),
            Action("list_boot_images", "GET", "list_boot_images", "List images", "Those of this server."),
        ),
    ),
    Resource(
        "RackControllersHandler",
        "rack-controllers/",
        "The rack controllers.",
        (Action("import_boot_images", "POST", "import_boot_images", "Fetch images", "Does nothing here."),),
    ),
    Resource(
        "UserHandler",
        "users/{username}/",
        "One user.",
        (_delete("Delete a user", "Keys of the user go too."), _read("Show a user")),
    ),
    Resource(
        "UsersHandler",
        "users/",
        "The users.",
        (
            Action(
                "create",
                "POST",
                None,
                "Make a user",
                "Admins can do everything, others only look.",
                (
                    ("username", "the name"),
                    ("email", "where to write to"),
                    ("password", "the password"),
                    ("is_superuser", "1 for an admin, else 0"),
                ),
            ),
            _read("List the users"),
            Action("whoami", "GET", "whoami", "Who am I?", "Answers with the user who asks."),
        ),
    ),
    Resource(
        "VersionHandler",
        "version/",
        "The version of this API.",
        (_read("Show the version"),),
        is_anonymous=True,
    ),
)


def described(base: str) -> dict[str, Json]:
    """
    The document for a server that is reached at `base` (scheme and host, without a trailing slash).
    """
    handlers: list[Json] = [each.shown(base) for each in RESOURCES]
    resources: list[Json] = [
        {
            "name": each.name,
            "anon": handler if each.is_anonymous else None,
            "auth": None if each.is_anonymous else handler,
        }
        for each, handler in zip(RESOURCES, handlers, strict=True)
    ]
    return {"doc": "MAAS API", "hash": HASH, "handlers": handlers, "resources": resources}


HASH = hashlib.sha256(json.dumps([each.shown("") for each in RESOURCES], sort_keys=True).encode()).hexdigest()
