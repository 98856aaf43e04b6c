"""
Users and tokens: who may come in, and with which keys.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Opened, Who, Word, created
from tundish.api.repeating import Route
from tundish.api.schemas import Page, Shown
from tundish.app.deeds import people as deeds
from tundish.app.opened import App
from tundish.core import people
from tundish.core.errors import NotFound
from tundish.core.people import Actor, Grant, Kind, Power, Role

ROUTER = APIRouter(route_class=Route, tags=["people"])


class Given(BaseModel):
    """
    A role within a scope: all, or what is of one kind and has a name of this pattern.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"role": "author", "kind": "image", "pattern": "custom/*"}]},
    )

    role: Role
    kind: Kind = Kind.ALL
    pattern: str = Field("*", min_length=1, max_length=255)

    def value(self) -> Grant:
        return Grant(self.role, self.kind, self.pattern)

    @classmethod
    def of(cls, grant: Grant) -> Self:
        return cls(role=grant.role, kind=grant.kind, pattern=grant.pattern)


def _viewer() -> list[Given]:
    return [Given.of(Grant(Role.VIEWER))]


class User(Shown):
    name: str
    email: str
    enabled: bool
    has_password: bool
    grants: list[Given]
    made_at: datetime

    @classmethod
    def of(cls, user: people.User) -> Self:
        return cls(
            name=user.name,
            email=user.email,
            enabled=user.enabled,
            has_password=user.has_password,
            grants=[Given.of(each) for each in user.grants],
            made_at=user.made_at,
        )


class Token(Shown):
    """
    `key` is its public half.
    """

    key: str
    user: str
    name: str
    kind: str
    grants: list[Given]
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: people.Token) -> Self:
        return cls(
            key=token.key,
            user=token.user,
            name=token.name,
            kind=token.kind,
            grants=[Given.of(each) for each in token.grants],
            made_at=token.made_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
        )


class Made(Shown):
    """
    A new token, and the text that is shown in this answer only.
    """

    made: Token
    token: str


class Me(Shown):
    """
    Who asks, and what for.
    """

    name: str
    door: str
    grants: list[Given]
    narrowed: list[Given]


class NewUser(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "bob", "grants": [{"role": "operator"}]}]},
    )

    name: str = Field(max_length=255)
    email: str = Field("", max_length=200)
    password: str | None = Field(None, max_length=256, description="left out: tokens only")
    grants: list[Given] = Field(default_factory=_viewer, max_length=100)


class Changed(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": False}]})

    enabled: bool


class Password(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"password": "correct horse battery", "old": "some other words"}]},
    )

    password: str = Field(max_length=256)
    old: str = Field("", max_length=256, description="the password until now; needed for one's own")


class NewToken(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "laptop", "expires_at": "2027-01-01T00:00:00Z"}]},
    )

    user: str | None = Field(None, max_length=255, description="left out: the asker")
    name: str = Field("", max_length=200)
    kind: str = Field("bearer", max_length=20, description="bearer, or maas for a key of three parts")
    expires_at: Annotated[datetime | None, Field(description="left out: never")] = None
    grants: list[Given] = Field([], max_length=100, description="what it is narrowed to")


@ROUTER.get("/me")
def get_me(actor: Who) -> Me:
    """
    Who asks.
    """
    return Me(
        name=actor.name,
        door=actor.door,
        grants=[Given.of(each) for each in actor.grants],
        narrowed=[Given.of(each) for each in actor.narrowed],
    )


@ROUTER.get("/users")
def list_users(app: Opened, actor: Who) -> Page[User]:
    """
    Everybody who may come in; who is no admin sees only the own account.
    """
    found = [each for each in app.catalog.users.list() if _may_see(actor, each.name)]
    return Page(items=[User.of(each) for each in found], next=None)


@ROUTER.post("/users", status_code=201)
def create_user(app: Opened, actor: Who, new: NewUser, response: Response) -> User:
    """
    Let somebody in. Sent again with its `Idempotency-Key`, it is answered 409 with where the user is: what
    may hold a secret is not kept.
    """
    response.headers["Cache-Control"] = "no-store"
    grants = [each.value() for each in new.grants]
    made = deeds.create(app, actor, new.name, grants, password=new.password or "", email=new.email)
    created(response, f"/api/v1/users/{made.name}")
    return User.of(made)


@ROUTER.get("/users/{name}")
def get_user(app: Opened, actor: Who, name: Word) -> User:
    """
    One user.
    """
    return User.of(_seen(app, actor, name))


@ROUTER.patch("/users/{name}")
def change_user(app: Opened, actor: Who, name: Word, changed: Changed) -> User:
    """
    Let a user and the user's tokens count, or not.
    """
    _seen(app, actor, name)
    return User.of(deeds.set_enabled(app, actor, name, enabled=changed.enabled))


@ROUTER.delete("/users/{name}", status_code=204)
def remove_user(app: Opened, actor: Who, name: Word) -> None:
    """
    Forget a user and the user's tokens.
    """
    _seen(app, actor, name)
    deeds.remove(app, actor, name)


@ROUTER.put("/users/{name}/password", status_code=204)
def set_password(app: Opened, actor: Who, name: Word, wanted: Password) -> None:
    """
    Give a user another password; open sessions of the user end. One's own needs the `old` one.
    """
    _seen(app, actor, name)
    deeds.set_password(app, actor, name, wanted.password, old=wanted.old)


@ROUTER.post("/users/{name}/grant")
def grant_user(app: Opened, actor: Who, name: Word, given: Given) -> User:
    """
    Let a user do more.
    """
    _seen(app, actor, name)
    return User.of(deeds.grant(app, actor, name, given.value()))


@ROUTER.post("/users/{name}/ungrant")
def ungrant_user(app: Opened, actor: Who, name: Word, given: Given) -> User:
    """
    Take back what was granted.
    """
    _seen(app, actor, name)
    return User.of(deeds.ungrant(app, actor, name, given.value()))


@ROUTER.get("/tokens")
def list_tokens(app: Opened, actor: Who, user: Annotated[str, Query(max_length=255)] = "") -> Page[Token]:
    """
    The own tokens, or all for an admin; their secrets are not kept.
    """
    return Page(items=[Token.of(each) for each in deeds.tokens(app, actor, user)], next=None)


@ROUTER.post("/tokens", status_code=201)
def create_token(app: Opened, actor: Who, new: NewToken, response: Response) -> Made:
    """
    Make a token. Its text is shown in this answer only: sent again with its `Idempotency-Key`, it is answered
    409 with where the token is, to be revoked if its text never came.
    """
    response.headers["Cache-Control"] = "no-store"
    user = new.user or actor.name
    if not _may_see(actor, user):
        raise NotFound(f"there is no user {user!r}, or it is not yours to see")
    end = new.expires_at.astimezone() if new.expires_at else None
    grants = [each.value() for each in new.grants]
    token, text = deeds.make_token(app, actor, user, new.name, kind=new.kind, grants=grants, expires_at=end)
    created(response, f"/api/v1/tokens/{token.key}")
    return Made(made=Token.of(token), token=text)


@ROUTER.delete("/tokens/{key}", status_code=204)
def revoke_token(app: Opened, actor: Who, key: Word) -> None:
    """
    Let a token count no more, at once.
    """
    deeds.revoke(app, actor, key)


def _may_see(actor: Actor, name: str) -> bool:
    return name == actor.name or actor.may(Power.PEOPLE_EDIT)


def _seen(app: App, actor: Actor, name: str) -> people.User:
    if not _may_see(actor, name):
        raise NotFound(f"there is no user {name!r}, or it is not yours to see")
    return app.catalog.users.get(name)
