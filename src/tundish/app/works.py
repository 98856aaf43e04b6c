"""
The verb of each kind of job: an order is carried out, and what came of it is answered as facts.

All of them may be begun again after they were killed, at whatever point that was.
"""

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import BinaryIO, TypeVar

from tundish.app import orders
from tundish.app.channels import Told, every
from tundish.app.checking import Asked, check_image
from tundish.app.examined import settle
from tundish.app.looking import look_at
from tundish.app.mirroring import open_mirror
from tundish.app.opened import App, holder
from tundish.app.orders import Order
from tundish.app.reporting import (
    bounded,
    bundle_json,
    mended_json,
    shown_json,
    taken_json,
    tidied_json,
    verified_json,
)
from tundish.app.task import Ended, FileWatch, Task
from tundish.app.watched import Watched
from tundish.bundle import run as bundles
from tundish.bundle.contents import bundle_name
from tundish.bundle.taking import take_in
from tundish.catalog.checks import UNFIT, Checked
from tundish.check import report_json
from tundish.check.assuming import Said
from tundish.check.rule import Severity, Status
from tundish.core import clock, names
from tundish.core.errors import BadImage, Conflict, InputError, Stopped, StorageError
from tundish.core.holding import Holding
from tundish.core.image import Json
from tundish.fetch.brake import pauses
from tundish.fetch.throttle import Throttle
from tundish.mirrors import desk as mirror
from tundish.mirrors import run as mirrors
from tundish.mirrors.report import mirrored_json
from tundish.mirrors.wish import Wish
from tundish.publish import moving, publisher, run, verifying
from tundish.retain import repair, scrub
from tundish.retain.report import collected_json
from tundish.retain.run import collect
from tundish.sync import run as syncs
from tundish.tools.searching import searched
from tundish.trust.keyring import normalise

SHOWN = 100  # damaged or missing things that one job names

_T = TypeVar("_T")


@singledispatch
def carry_out(order: Order, _app: App, _task: Task) -> Ended:
    """
    Do what was ordered.

    Raises:
        TundishError: it could not be done.
        Stopped: the task was to end.
    """
    raise InputError(f"{order.kind!r} is a kind of job that this server cannot carry out")


@carry_out.register
def _(order: orders.Sync, app: App, task: Task) -> Ended:
    """
    Its progress is noted by the sync itself, file by file.
    """

    def planned(prepared: syncs.Prepared) -> None:
        for each in prepared.unreadable:
            task.say(f"source {each.source}: {each.error}")
        task.say(f"{len(prepared.plan.files)} files to fetch, {prepared.plan.fetch_bytes} bytes")

    syncs.sync(
        app.desk(),
        [names.source_name(each) for each in order.sources],
        watch=FileWatch(task, is_counting=False),
        stop=task.stop,
        planned=planned,
        allow_rollback=order.allow_rollback,
        allow_mass_removal=order.allow_mass_removal,
    )
    return Ended()


@carry_out.register
def _(order: orders.Collect, app: App, task: Task) -> Ended:
    grace = order.grace
    tidied = every(
        app.catalog, lambda: app.keyed_office(task), lambda office, name: moving.tidy(office, name, grace)
    )
    done = collect(app.broom(task), grace=grace, dry_run=False, allow_mass_removal=order.allow_mass_removal)
    for holding in done.leaving.due[:SHOWN]:
        task.say(f"deleted {holding.ref} of source {holding.source}")
    for tied in done.leaving.tied[:SHOWN]:
        task.say(f"{tied.holding.ref} stays: {tied.why}")
    report: Json = bounded({**collected_json(done), "channels": tidied_json(tidied)})
    return _with_channels(
        tidied, task, {"report": report}, lambda each: {"removed": len(each.removed), "freed": each.freed}
    )


@carry_out.register
def _(order: orders.Verify, app: App, task: Task) -> Ended:
    before = None if order.older_than is None else clock.now() - order.older_than
    pause = pauses(time.sleep, task.stop)  # what waits for its pace hears of a stop, too
    throttle = Throttle(order.rate, now=clock.monotonic, sleep=pause) if order.rate else None
    brush = replace(app.brush(None, quarantine=not order.only_look), throttle=throttle)
    todo = scrub.rounds(brush, before)
    blobs = [blob for each in todo for blob in each.blobs]
    task.expect(len(blobs), sum(blob.size for blob in blobs))
    found = scrub.scrub(brush, todo, task.moved)

    def paid(count: int) -> None:
        brush.pay(count)
        if task.stop.is_set():
            raise Stopped

    channels = every(
        app.catalog,
        app.keyed_office,
        lambda office, name: verifying.verify(
            office, name, before=before, moved=paid, note=not order.only_look
        ),
    )
    damaged = [each.detail for each in found.damaged] + [f"missing: {each}" for each in found.missing]
    for each in channels:
        damaged += (
            [f"channel {each.channel}: {one.path}: {one.detail}" for one in each.done.spoilt]
            if each.done
            else []
        )
    for line in damaged[:SHOWN]:
        task.say(line)
    facts: dict[str, Json] = {
        "blobs": found.blobs,
        "bytes": found.bytes,
        "damaged": [*damaged[:SHOWN]],
        "report": bounded(verified_json(found, channels)),
    }
    if damaged:
        facts["error"] = f"{len(damaged)} files are damaged or missing; run: tundish store repair"
        return Ended("failed", facts)
    return _with_channels(
        channels, task, facts, lambda each: {"files": each.files, "spoilt": len(each.spoilt)}
    )


@carry_out.register
def _(_order: orders.Repair, app: App, task: Task) -> Ended:
    done = repair.repair(app.toolbox(task.stop), FileWatch(task, is_counting=True))
    for lost in done.unmended[:SHOWN]:
        task.say(f"still lacking {lost.blob.digest.hex}, for {', '.join(lost.versions)}: {lost.hints[0]}")
    if done.stopped:
        raise Stopped
    channels = every(app.catalog, lambda: app.keyed_office(task), moving.mend)
    outcome = "partial" if done.unmended else "done"
    found = repair.repaired_json(done)
    return _with_channels(
        channels,
        task,
        {**bounded(found), "report": bounded({**found, "channels": mended_json(channels)})},
        lambda each: {"renewed": len(each.renewed), "lacking": len(each.lacking)},
        outcome=outcome,
    )


def _with_channels(
    told: Sequence[Told[_T]],
    task: Task,
    facts: dict[str, Json],
    shown: Callable[[_T], dict[str, Json]],
    *,
    outcome: str = "done",
) -> Ended:
    """
    The facts, with what came of each channel; partial where one was left out.
    """
    channels: list[Json] = []
    for each in told:
        error = None if each.error is None else str(each.error)
        channels.append({"channel": each.channel, **(shown(each.done) if each.done else {}), "error": error})
        if error:
            task.say(f"channel {each.channel} was left out: {error}")
            outcome = "partial"
    return Ended(outcome, {**facts, "channels": channels})


@carry_out.register
def _(order: orders.Publish, app: App, task: Task) -> Ended:
    done = run.publish(
        app.catalog,
        order.images,
        names.channel_name(order.channel),
        channels=app.channels,
        press=app.press(task),
        holder=holder(),
        terms=run.Terms(order.dialect, order.expires),
    )
    return _published(done)


@carry_out.register
def _(order: orders.Promote, app: App, task: Task) -> Ended:
    source, target = names.channel_name(order.source), names.channel_name(order.channel)
    plan = moving.plan_promotion(app.catalog, app.store, source, target)
    if order.release not in {None, plan.compared.after}:
        raise Conflict(f"channel {source} offers another release than when this was asked for; ask again")
    return _published(moving.promote(app.office(task), plan))


@carry_out.register
def _(order: orders.RollBack, app: App, task: Task) -> Ended:
    return _published(moving.roll_back(app.office(task), names.channel_name(order.channel), order.release))


def _published(done: publisher.Publication) -> Ended:
    return Ended(
        facts={
            "release": done.release,
            "changed": done.changed,
            "updated": done.updated.isoformat(),
            "expires": done.expires_at.isoformat() if done.expires_at else None,
            "images": len(done.images),
            "files": done.files,
            "bytes": done.size,
            "left_out": [*done.left_out[:SHOWN]],
        }
    )


@carry_out.register
def _(order: orders.Mirror, app: App, task: Task) -> Ended:
    watch = FileWatch(task, is_counting=True)
    wish = Wish(
        url=order.url,
        keyring=normalise(_keyring(order.keyring)) if order.keyring else b"",
        filters=order.filters,
        most=order.most,
        keep=order.keep,
        prune=order.prune,
    )
    root = _folder(app, "mirrors") / order.name

    def planned(prepared: mirror.Prepared) -> None:
        for trouble in prepared.troubles[:SHOWN]:
            task.say(trouble)
        watch.expect(prepared)

    guard = app.lines.guard if order.is_guarded else None
    with open_mirror(app.settings, key=None, parallel=None, search=searched, guard=guard) as desk:
        done = mirrors.mirror(wish, root, desk, watch=watch, stop=task.stop, planned=planned)
    return Ended(
        facts={
            "folder": str(root),
            "changed": done.changed,
            "fetched_files": done.fetched_files,
            "fetched_bytes": done.fetched_bytes,
            "removed_files": done.removed,
            "report": bounded(mirrored_json(done)),
        }
    )


@carry_out.register
def _(order: orders.BundleExport, app: App, task: Task) -> Ended:
    target = _folder(app, "bundles") / order.file
    desk = _bundling(app, task)
    if task.job.attempt > 1 and target.exists():  # it has its name only once it is whole
        with _reading(target) as stream:
            made = bundles.show(desk, stream, order.file, keyring=_own_keyring(app)).opened.manifest
    else:
        known = bundles.Known() if order.since is None else bundles.since_release(app.catalog, order.since)
        made = bundles.export(desk, target, signer=app.press().signer, known=known)
    report: Json = {"file": order.file, **bundle_json(made), "keyring": str(app.public_keyring)}
    return Ended(
        facts={
            "file": order.file,
            "serial": made.serial,
            "origin": made.origin,
            "bytes": made.size,
            "report": report,
        }
    )


@carry_out.register
def _(order: orders.BundleImport, app: App, task: Task) -> Ended:
    path = _folder(app, "bundles") / order.file
    with _reading(path) as stream:
        done = take_in(
            _bundling(app, task),
            stream,
            order.file,
            keyring=_keyring(order.keyring),
            name=None if order.name is None else bundle_name(order.name),
            allow_mass_removal=order.allow_mass_removal,
        )
    return Ended(
        facts={
            "name": done.name,
            "serial": done.manifest.serial,
            "images": [*done.images[:SHOWN]],
            "retired": [*done.retired[:SHOWN]],
            "taken_blobs": done.taken_blobs,
            "taken_bytes": done.taken_bytes,
            "report": bounded({"file": order.file, **taken_json(done)}),
        }
    )


@carry_out.register
def _(order: orders.BundleShow, app: App, task: Task) -> Ended:
    with _reading(_folder(app, "bundles") / order.file) as stream:
        keyring = _keyring(order.keyring) if order.keyring else _own_keyring(app)
        found = bundles.show(_bundling(app, task), stream, order.file, keyring=keyring)
    return Ended(facts={"report": bounded({"file": order.file, **shown_json(found)})})


def _own_keyring(app: App) -> bytes:
    try:
        return app.public_keyring.read_bytes()
    except OSError as error:
        raise InputError(
            f"this server has no key of its own yet ({error.strerror}); give a keyring"
        ) from error


def _bundling(app: App, task: Task) -> bundles.Desk:
    return bundles.Desk(app.catalog, app.store, app.verifier, clock.now, holder(), task, task.stop)


@carry_out.register
def _(order: orders.Check, app: App, task: Task) -> Ended:
    holding = app.catalog.images.find(order.image)
    came = app.catalog.uploads.checking(holding.id)
    if came:
        checked = settle(app, holding, came[-1], task)
    else:
        checked = _looked(app, holding, task)
        app.catalog.checks.set(checked)
    task.say(f"{holding.ref} is {checked.verdict}: {checked.errors} errors, {checked.warnings} warnings")
    return Ended(facts={"image": holding.ref, "verdict": checked.verdict, "errors": checked.errors})


def _looked(app: App, holding: Holding, task: Task) -> Checked:
    """
    What is found in a version, by what was said of it when it came.
    """
    told = {name: str(holding.version.extra.get(name) or "") for name in ("filetype", "base_image")}
    said = Said(told["filetype"], base_image=told["base_image"], arch=holding.product.arch)
    at = clock.now()
    try:
        with look_at(holding, app.store, watched=lambda readable: Watched(readable, task)) as image:
            report = check_image(image, Asked(said), today=at.date())
            text = json.dumps(report_json.document(report))
    except BadImage as error:
        return Checked(holding.id, at, UNFIT, 1, 0, json.dumps({"error": str(error)}))
    failed = [one for one in report.findings if one.status is Status.FAIL]
    errors = sum(one.severity is Severity.ERROR for one in failed)
    warnings = sum(one.severity is Severity.WARNING for one in failed)
    return Checked(holding.id, at, report.verdict.word, errors, warnings, text)


def _keyring(text: str) -> bytes:
    """
    Public keys as they came in JSON: armoured, or their bytes in base64.
    """
    if text.lstrip().startswith("-----BEGIN"):
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("keyring is neither armoured (-----BEGIN PGP ...) nor base64") from None


def _folder(app: App, name: str) -> Path:
    folder = app.settings.state / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot use {folder}: {error.strerror}") from error
    return folder


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read the bundle {path}: {error.strerror}; put it there first") from error
    with stream:
        yield stream
