"""
Who comes in: by password, token, session or key of three parts; and who does not.
"""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tundish.access import keys, policy
from tundish.access.admission import Admission, admission
from tundish.access.passwords import Passwords
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict, InputError, Locked, Unauthorised
from tundish.core.people import EVERYTHING, Grant, Kind, Power, Role, Token, User

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "192.0.2.2"
PASSWORD = "correct horse battery"
WEAK = Passwords(passes=1, kib=8, lanes=1)  # as quick as can be


@dataclass
class Gate:
    """
    An admission whose moment tests move on; `ann` is an admin, with a token and a MAAS key.
    """

    catalog: Catalog
    folder: Path
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.admission: Admission = admission(self.catalog, self.folder, lambda: self.now, WEAK)
        ann = User("ann", "", EVERYTHING, enabled=True, made_at=NOON, has_password=True)
        self.catalog.users.add(ann, WEAK.hashed(PASSWORD))
        self.bearer, self.maas = keys.bearer(), keys.maas()
        self.token = Token("", "ann", "laptop", "bearer", "", (), NOON, NOON + timedelta(days=1), None)
        self.add(self.bearer, self.token)
        self.add(self.maas, replace(self.token, kind="maas", consumer=self.maas.consumer))

    def add(self, key: keys.Key, token: Token) -> None:
        self.catalog.tokens.add(replace(token, key=key.public), keys.digest(key.secret))

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def sign(
        self, *, consumer: str = "", key: str = "", secret: str = "", nonce: str = "n", off: int = 0
    ) -> str:
        mine = self.maas
        return self.admission.maas(
            consumer or mine.consumer,
            key or mine.public,
            secret or mine.secret,
            nonce=nonce,
            timestamp=int(self.now.timestamp()) + off,
            address=HERE,
        ).name

    def fail(self, times: int, *, name: str = "ann", address: str = HERE) -> None:
        for _ in range(times):
            with pytest.raises((Unauthorised, Locked)):
                self.admission.login(name, "wrong password", address)
            self.later(minutes=20)  # beyond any wait, not beyond memory

    def strikes(self, subject: str) -> int:
        found = self.catalog.failures.of(subject)
        return found.count if found else 0


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    catalog = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield Gate(catalog, tmp_path / "keys")
    catalog.close()


# --- tokens


def test_a_token_names_its_user_and_door(gate: Gate) -> None:
    """
    Who shows it comes in with what the user may.
    """
    actor = gate.admission.bearer(gate.bearer.text, HERE)

    assert ("ann", EVERYTHING, "api", HERE) == (actor.name, actor.grants, actor.door, actor.address)


@pytest.mark.parametrize(
    "text",
    ["", "td__", "td_a", "x_y_z", "td_a_b_c", "td_é_x", "td_" + "a" * 500 + "_b", "td_0123456789abcdef_00"],
)
def test_what_is_no_token_lets_nobody_in(gate: Gate, text: str) -> None:
    """
    Neither malformed texts nor halves that nobody has count.
    """
    with pytest.raises(Unauthorised):
        gate.admission.bearer(text, HERE)


def test_a_wrong_secret_lets_nobody_in(gate: Gate) -> None:
    """
    The public half alone is worth nothing.
    """
    with pytest.raises(Unauthorised):
        gate.admission.bearer(f"td_{gate.bearer.public}_{'0' * 64}", HERE)


def _expire(gate: Gate) -> None:
    gate.later(days=1)


def _revoke(gate: Gate) -> None:
    gate.catalog.tokens.remove(gate.bearer.public)


def _disable(gate: Gate) -> None:
    bob = User("bob", "", EVERYTHING, enabled=True, made_at=NOON, has_password=False)
    gate.catalog.users.add(bob, "")
    gate.catalog.users.set_enabled("ann", enabled=False)


def _remove(gate: Gate) -> None:
    bob = User("bob", "", EVERYTHING, enabled=True, made_at=NOON, has_password=False)
    gate.catalog.users.add(bob, "")
    gate.catalog.users.remove("ann")


@pytest.mark.parametrize("end", [_expire, _revoke, _disable, _remove])
def test_a_token_counts_no_more_once_it_has_ended(gate: Gate, end: Callable[[Gate], None]) -> None:
    """
    Expired, revoked, or of a user who is disabled or gone: the very next request is refused.
    """
    gate.admission.bearer(gate.bearer.text, HERE)

    end(gate)

    with pytest.raises(Unauthorised):
        gate.admission.bearer(gate.bearer.text, HERE)


def test_what_is_revoked_elsewhere_counts_no_more_here(gate: Gate, tmp_path: Path) -> None:
    """
    Nothing is remembered in memory, so a second process on the same catalog revokes for all.
    """
    gate.admission.bearer(gate.bearer.text, HERE)
    other = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))

    other.tokens.remove(gate.bearer.public)
    other.close()

    with pytest.raises(Unauthorised):
        gate.admission.bearer(gate.bearer.text, HERE)


def test_a_nonce_that_another_process_took_is_taken(gate: Gate, tmp_path: Path) -> None:
    """
    A request cannot be replayed at the neighbour.
    """
    other = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    neighbour = replace(gate.admission, catalog=other)
    gate.sign()

    with pytest.raises(Unauthorised) as raised:
        neighbour.maas(
            gate.maas.consumer,
            gate.maas.public,
            gate.maas.secret,
            nonce="n",
            timestamp=int(NOON.timestamp()),
            address=THERE,
        )
    other.close()

    assert "nonce" == raised.value.reason


def test_failures_count_across_processes(gate: Gate, tmp_path: Path) -> None:
    """
    Guessing at two servers of one catalog gives no second set of attempts.
    """
    other = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    gate.fail(4)
    with pytest.raises(Unauthorised):
        replace(gate.admission, catalog=other).login("ann", "wrong password", HERE)
    other.close()

    with pytest.raises(Locked):
        gate.admission.login("ann", PASSWORD, HERE)


def test_a_token_of_one_kind_opens_no_other_door(gate: Gate) -> None:
    """
    A bearer token is no cookie.
    """
    with pytest.raises(Unauthorised):
        gate.admission.session(gate.bearer.text, HERE)


def test_a_narrowed_token_gives_less_than_its_user_has(gate: Gate) -> None:
    """
    What a token is narrowed to and what the user may must both allow it.
    """
    key = keys.bearer()
    gate.add(key, replace(gate.token, grants=(Grant(Role.AUTHOR, Kind.IMAGE, "custom/*"),)))

    actor = gate.admission.bearer(key.text, HERE)

    assert (True, False, False) == (
        actor.may(Power.UPLOAD, Kind.IMAGE, "custom/x"),
        actor.may(Power.UPLOAD, Kind.IMAGE, "other"),
        actor.may(Power.SETTING_EDIT),
    )


def test_who_comes_by_a_token_has_its_end(gate: Gate) -> None:
    """
    A session has none of its own to hand on.
    """
    cookie = gate.admission.open_session(gate.admission.login("ann", PASSWORD, HERE))

    assert (NOON + timedelta(days=1), None) == (
        gate.admission.bearer(gate.bearer.text, HERE).until,
        gate.admission.session(cookie, HERE).until,
    )


def test_the_use_of_a_token_is_noted_once_a_minute(gate: Gate) -> None:
    """
    Requests in quick succession write nothing.
    """
    for seconds in (0, 30, 50):
        gate.later(seconds=seconds)
        gate.admission.bearer(gate.bearer.text, HERE)

    assert NOON + timedelta(seconds=80) == gate.catalog.tokens.get(gate.bearer.public).used_at


def test_no_secret_shows_in_words_about_a_key() -> None:
    """
    What a log could show of a key has no secret half.
    """
    key = keys.maas()

    assert key.secret not in repr(key)


# --- keys of three parts


def test_a_signed_request_counts_once(gate: Gate) -> None:
    """
    The same nonce again is a replay.
    """
    gate.sign()

    with pytest.raises(Unauthorised) as raised:
        gate.sign()

    assert "nonce" == raised.value.reason


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"consumer": "x"}, "key"),
        ({"key": "x"}, "key"),
        ({"secret": "x"}, "secret"),
        ({"off": 301}, "time"),
        ({"off": -301}, "time"),
    ],
)
def test_what_is_wrong_with_a_signature_is_told(gate: Gate, wrong: dict[str, Any], reason: str) -> None:
    """
    MAAS's clients are told which.
    """
    with pytest.raises(Unauthorised) as raised:
        gate.sign(**wrong)

    assert reason == raised.value.reason


def test_a_refused_signature_uses_up_no_nonce(gate: Gate) -> None:
    """
    Who guesses cannot spoil what the owner signs next.
    """
    with pytest.raises(Unauthorised):
        gate.sign(secret="wrong")

    assert "ann" == gate.sign()


# --- passwords


def test_a_password_lets_its_user_in(gate: Gate) -> None:
    """
    And opens a session whose cookie does the same.
    """
    actor = gate.admission.login("ann", PASSWORD, HERE)
    cookie = gate.admission.open_session(actor)

    assert ("ann", "page") == (gate.admission.session(cookie, HERE).name, actor.door)


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("bob", PASSWORD), ("", ""), ("ann", "")])
def test_a_wrong_login_does_not_say_what_was_wrong(gate: Gate, name: str, password: str) -> None:
    """
    Unknown names and wrong passwords get one answer.
    """
    with pytest.raises(Unauthorised, match=r"^wrong name or password$"):
        gate.admission.login(name, password, HERE)


def test_an_unknown_name_costs_as_much_as_a_known_one(gate: Gate) -> None:
    """
    A password is compared with a hash of the same parameters where there is nobody.
    """
    tried: list[str] = []

    class Counting(Passwords):
        def fits(self, password: str, hashed: str) -> bool:
            tried.append(password)
            return super().fits(password, hashed)

    strict = replace(gate.admission, passwords=Counting(passes=1, kib=8, lanes=1))
    with pytest.raises(Unauthorised):
        strict.login("bob", "a password", HERE)

    assert ["a password"] == tried


def test_a_dated_hash_is_renewed_by_the_next_login(gate: Gate) -> None:
    """
    Stronger parameters reach every user who logs in.
    """
    before = gate.catalog.users.password("ann")
    strict = replace(gate.admission, passwords=Passwords(passes=2, kib=8, lanes=1))

    strict.login("ann", PASSWORD, HERE)

    assert before != gate.catalog.users.password("ann")


def test_too_many_failures_lock_the_account_from_that_address(gate: Gate) -> None:
    """
    Also the right password is not heard then.
    """
    gate.fail(4)
    with pytest.raises(Unauthorised):
        gate.admission.login("ann", "wrong password", HERE)

    with pytest.raises(Locked) as raised:
        gate.admission.login("ann", PASSWORD, HERE)

    assert 1 == raised.value.retry_after


def test_nobody_can_lock_another_address_out(gate: Gate) -> None:
    """
    The owner logs in from elsewhere meanwhile.
    """
    gate.fail(5)

    assert "ann" == gate.admission.login("ann", PASSWORD, THERE).name


def test_an_address_that_tries_many_names_is_locked(gate: Gate) -> None:
    """
    Guessing one password for every name ends, too.
    """
    for number in range(20):
        with pytest.raises(Unauthorised):
            gate.admission.login(f"user{number}", "a password", HERE)

    with pytest.raises(Locked):
        gate.admission.login("ann", PASSWORD, HERE)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::5:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_all_addresses_of_one_network_count_as_one(address: str, origin: str) -> None:
    """
    Who has one address of IPv6 has very many, and gets no further attempts by them.
    """
    assert origin == policy.origin(address)


@pytest.mark.parametrize(
    ("limit", "longest"), [(policy.PAIR, 900), (policy.ADDRESS, 900), (policy.ACCOUNT, 30)]
)
def test_waits_double_up_to_a_bound(limit: policy.Limit, longest: float) -> None:
    """
    Nobody is locked out for ever, whatever others do.
    """
    waits = [limit.wait(count).total_seconds() for count in range(limit.free - 1, limit.free + 40)]

    assert ([0, 1, 2, 4], longest) == (waits[:4], waits[-1])


def test_a_login_forgets_the_failures_of_its_pair(gate: Gate) -> None:
    """
    Who got in begins anew.
    """
    gate.fail(3)
    gate.admission.login("ann", PASSWORD, HERE)

    assert (0, 3) == (gate.strikes(f"pair:ann@{HERE}"), gate.strikes(f"address:{HERE}"))


@pytest.mark.parametrize("password", ["short", "x" * 300, "aaaaaaaaaaaa", "ann-ann-ann"])
def test_what_is_guessed_at_once_is_no_password(password: str) -> None:
    """
    Too short, too long, too plain, or the name.
    """
    with pytest.raises(InputError):
        policy.check_password(password, "Ann-ann-ann")


# --- sessions


@pytest.mark.parametrize("hours", [13, 24 * 8])
def test_a_session_ends(gate: Gate, hours: int) -> None:
    """
    When it was idle for half a day, and in any case.
    """
    cookie = gate.admission.open_session(gate.admission.login("ann", PASSWORD, HERE))
    gate.admission.session(cookie, HERE)

    gate.later(hours=hours)

    with pytest.raises(Unauthorised):
        gate.admission.session(cookie, HERE)


def test_a_session_can_be_closed(gate: Gate) -> None:
    """
    Its cookie counts no more at once.
    """
    cookie = gate.admission.open_session(gate.admission.login("ann", PASSWORD, HERE))

    gate.admission.close_session(cookie)

    with pytest.raises(Unauthorised):
        gate.admission.session(cookie, HERE)


def test_forms_of_two_sessions_differ(gate: Gate) -> None:
    """
    What a form brings along belongs to its session, and is no secret of it.
    """
    actor = gate.admission.login("ann", PASSWORD, HERE)
    one, two = (gate.admission.open_session(actor) for _ in range(2))
    brought = gate.admission.csrf(one)

    assert (True, False) == (brought != gate.admission.csrf(two), brought in one)


# --- the first admin


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Admission]:
    catalog = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield admission(catalog, tmp_path / "keys", lambda: NOON, WEAK)
    catalog.close()


def test_the_first_admin_needs_the_code_in_the_file(empty: Admission) -> None:
    """
    Its file can be read by its owner only, and is gone afterwards.
    """
    path = empty.first.offer(empty.catalog)
    assert path is not None
    mode = stat.S_IMODE(path.stat().st_mode)

    actor = empty.setup(path.read_text(), "ann", PASSWORD, HERE)

    assert (0o600, True, False, False) == (
        mode,
        actor.may(Power.PEOPLE_EDIT),
        path.exists(),
        empty.is_new(),
    )


@pytest.mark.parametrize("code", ["", "x", "\n"])
def test_another_code_makes_no_admin(empty: Admission, code: str) -> None:
    """
    Not even an empty one where there is no file.
    """
    with pytest.raises(Unauthorised):
        empty.setup(code, "ann", PASSWORD, HERE)


def test_there_is_one_first_admin(empty: Admission) -> None:
    """
    Once somebody is known, the code is worth nothing, and none is offered.
    """
    path = empty.first.offer(empty.catalog)
    assert path is not None
    code = path.read_text()
    empty.setup(code, "ann", PASSWORD, HERE)

    with pytest.raises(Conflict):
        empty.setup(code, "eve", PASSWORD, HERE)

    assert empty.first.offer(empty.catalog) is None


def test_the_code_stays_from_start_to_start(empty: Admission) -> None:
    """
    A server started again asks for the same.
    """
    codes = {str(path and path.read_text()) for path in (empty.first.offer(empty.catalog) for _ in range(2))}

    assert 1 == len(codes)
