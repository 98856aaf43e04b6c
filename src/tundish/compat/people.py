"""
`account/`, `users/` and the log-in of programs: users, and keys of three parts.
"""

from tundish.app.deeds import people
from tundish.compat import answers, shapes
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Faults
from tundish.core.errors import InputError, NotFound, Unauthorised
from tundish.core.image import Json
from tundish.core.people import EVERYTHING, Grant, Power, Role

UNKNOWN = "not-kept"  # where MAAS's clients expect the secret of a key: only its digest is kept here
_USER = "User"


def whoami(call: Call) -> Answer:
    return answers.json(shapes.user(call.app.catalog.users.get(call.actor.name)))


def read_users(call: Call) -> Answer:
    """
    All users for an admin; oneself for others.
    """
    everybody = call.actor.may(Power.PEOPLE_EDIT)
    users = call.app.catalog.users.list()
    return answers.json([shapes.user(each) for each in users if everybody or each.name == call.actor.name])


def read_user(call: Call) -> Answer:
    return answers.json(shapes.user(call.app.catalog.users.get(_username(call))))


def create_user(call: Call) -> Answer:
    call.actor.must(Power.PEOPLE_EDIT)
    form, faults = call.form, Faults()
    name, password = form.text("username") or "", form.text("password") or ""
    for field, text in (("username", name), ("password", password), ("email", form.text("email"))):
        if not text:
            faults.add(field, "This field is required.")
    is_admin = None
    with faults.of("is_superuser"):
        is_admin = form.flag("is_superuser")
    if faults:
        return answers.invalid(faults)
    grants = EVERYTHING if is_admin else (Grant(Role.VIEWER),)
    email = form.text("email") or ""
    made = people.create(call.app, call.actor, name, grants, password=password, email=email)
    return answers.json(shapes.user(made))


def delete_user(call: Call) -> Answer:
    people.remove(call.app, call.actor, _username(call))
    return answers.gone()


def create_token(call: Call) -> Answer:
    return answers.json(_new_key(call, call.actor.name, call.form.text("name") or ""))


def delete_token(call: Call) -> Answer:
    people.revoke(call.app, call.actor, _key(call, "token_key"))
    return answers.gone()


def list_tokens(call: Call) -> Answer:
    return answers.json(
        [
            {"name": each.name, "token": f"{each.consumer}:{each.key}:{UNKNOWN}"}
            for each in people.tokens(call.app, call.actor, call.actor.name)
            if each.kind == "maas"
        ]
    )


def rename_token(call: Call) -> Answer:
    name = call.form.text("name")
    if not name:
        raise InputError("No provided name!")
    people.rename_token(call.app, call.actor, _key(call, "token"), name)
    return answers.said(200, "Accepted")


def authenticate(call: Call) -> Answer:
    """
    A key for who has a name and password: how programs log in. Nobody has signed this request.
    """
    form = call.form
    name, password = form.text("username") or "", form.data("password") or b""
    try:
        actor = call.admission.login(name, password.decode("utf-8", "replace"), call.actor.address)
    except Unauthorised as error:
        return answers.said(403, str(error))
    return answers.json(_new_key(call.as_(actor), actor.name, form.text("consumer") or ""))


def _new_key(call: Call, user: str, name: str) -> dict[str, Json]:
    token, text = people.make_token(
        call.app, call.actor, user, name or f"key of {call.actor.address}", kind="maas"
    )
    return {
        "consumer_key": token.consumer,
        "name": token.name,
        "token_key": token.key,
        "token_secret": text.rpartition(":")[2],
    }


def _key(call: Call, field: str) -> str:
    """
    The public half, of a whole key too.
    """
    text = call.form.text(field)
    if not text:
        raise InputError(f"No provided {field}!")
    parts = text.split(":")
    return parts[1] if len(parts) == 3 else text


def _username(call: Call) -> str:
    name = call.names["username"]
    if name != call.actor.name and not call.actor.may(Power.PEOPLE_EDIT):
        raise NotFound(f"No {_USER} matches the given query.")
    return name
