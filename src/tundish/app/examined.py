"""
Look at what an upload brought, note what was found, and let it be used if it is fit.

An unfit version stays incomplete, so it is neither offered nor deployed, until somebody accepts it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from tundish.anatomy.facts import Facts
from tundish.anatomy.opening import read_image
from tundish.anatomy.readable import File
from tundish.app.checking import Asked as Question
from tundish.app.checking import check_image
from tundish.app.looking import root_of
from tundish.app.opened import App
from tundish.app.orders import Check
from tundish.app.watched import Watched
from tundish.catalog.checks import FIT, UNFIT, Checked
from tundish.catalog.records import STOPPED
from tundish.check import report_json
from tundish.check.assuming import Said
from tundish.check.rule import Severity, Status
from tundish.check.subject import Filetype
from tundish.core import clock
from tundish.core.errors import BadImage, Stopped
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Extra
from tundish.core.lifecycle import State
from tundish.core.progress import UNWATCHED, Gauge
from tundish.core.upload import Upload, UploadState
from tundish.intake.products import manifest_of, words_of

KIND = "check"


def examine(app: App, upload: Upload) -> Checked | None:
    """
    Check what an upload became, and make it available if it is fit; None if there is nothing to check.
    """
    if upload.holding is None or upload.state is not UploadState.CHECKING:
        return None
    holding = app.catalog.images.get(upload.holding)
    number = app.catalog.jobs.start(KIND, holding.ref, clock.now())
    try:
        checked = settle(app, holding, upload)
    except BaseException as error:
        text = json.dumps({"error": str(error) or type(error).__name__})
        outcome = STOPPED if isinstance(error, Stopped | KeyboardInterrupt) else "failed"
        app.catalog.jobs.end(number, outcome, text, clock.now())
        raise
    app.catalog.jobs.end(number, "done", json.dumps({"verdict": checked.verdict}), clock.now())
    return checked


def examine_later(app: App, upload: Upload) -> None:
    """
    Let a job of a server check what an upload became, unless one waits or does it already.
    """
    if upload.holding is None:
        return
    order = Check(app.catalog.images.get(upload.holding).ref)
    if all((job.kind, job.subject) != (KIND, order.subject) for job in app.catalog.jobs.active()):
        app.catalog.jobs.enqueue(
            KIND,
            order.subject,
            {"image": order.image},
            actor=upload.actor,
            resource=order.resource,
            at=clock.now(),
        )


def take_up(app: App) -> None:
    """
    Let jobs check what came whole to servers that ended before they could.
    """
    for upload in app.catalog.uploads.list(states=(UploadState.CHECKING,), limit=1000):
        examine_later(app, upload)


def settle(app: App, holding: Holding, upload: Upload, gauge: Gauge = UNWATCHED) -> Checked:
    """
    The step of a job from whole bytes to a version that is fit or not. Done again, it does the same.

    Raises:
        Stopped: `gauge` wants it to end; nothing of it is noted.
    """
    checked, facts = _checked(app, holding, upload, gauge)
    app.catalog.checks.set(checked)
    with app.catalog.database.together():  # until the catalog names it, a sweep would take the new blob
        _complete(app, holding, upload, facts)
    if checked.verdict == FIT:
        make_available(app, holding, keep_old=upload.asked.keep_old)
    for each in app.catalog.uploads.checking(holding.id):  # those, too, whose process died before it could
        app.catalog.uploads.checked(each.id, clock.now())
    return checked


def make_available(app: App, holding: Holding, *, keep_old: bool) -> None:
    """
    Let a version be used; unless they are kept, older ones that nothing ties are retired only now.
    """
    at = clock.now()
    app.catalog.images.move([holding.id], State.COMPLETE, at)
    if not keep_old:
        app.catalog.images.move(_older(app, holding), State.RETIRED, at)


def _older(app: App, holding: Holding) -> Sequence[HoldingId]:
    ties = app.catalog.keeping.ties()
    return [
        each.id
        for each in app.catalog.images.list(source=OWN)
        if each.product.name == holding.product.name
        and each.version.name < holding.version.name
        and each.state is not State.RETIRED
        and not each.on_hold
        and each.id not in ties
    ]


def _checked(app: App, holding: Holding, upload: Upload, gauge: Gauge) -> tuple[Checked, Facts]:
    asked, item = upload.asked, root_of(holding)
    said = Said(asked.filetype, asked.name, asked.base_image if asked.base_said else "", asked.arch)
    firmware = {asked.firmware} if asked.firmware in {"bios", "uefi"} else {"bios", "uefi"}
    question = Question(said, firmware=frozenset(firmware), both=asked.firmware == "both")
    try:
        with app.store.open(item.digest) as stream:
            image = read_image(Watched(File(stream), gauge), item.path.rpartition("/")[2])
            report = check_image(image, question, today=clock.now().date())
    except BadImage as error:
        said_why = json.dumps({"error": str(error)})
        return Checked(holding.id, clock.now(), UNFIT, 1, 0, said_why), Facts()
    failed = [one for one in report.findings if one.status is Status.FAIL]
    checked = Checked(
        holding=holding.id,
        at=clock.now(),
        verdict=report.verdict.word,
        errors=sum(one.severity is Severity.ERROR for one in failed),
        warnings=sum(one.severity is Severity.WARNING for one in failed),
        report=json.dumps(report_json.document(report)),
    )
    return checked, report.subject.facts


def _complete(app: App, holding: Holding, upload: Upload, facts: Facts) -> None:
    """
    Say of a version what the image itself tells, where whoever brought it said nothing; and put the list of
    its packages beside a root, without which MAAS takes none from a stream.
    """
    boots = [name for name, can in (("bios", facts.firmware.bios), ("uefi", facts.firmware.uefi)) if can]
    told: Extra = {
        "default_user": facts.cloud_init.default_user,
        "firmware": "both" if len(boots) > 1 else "".join(boots),
        "min_disk": facts.minimum_disk,
    }
    said, version = words_of(upload.asked, Filetype(upload.asked.filetype)), holding.version
    words = {name: said[name] or value for name, value in told.items()}
    items = version.items
    if version.item("root-tgz") and not version.item("manifest") and facts.packages:
        lines = sorted(f"{one.name}\t{one.version}\n" for one in facts.packages)
        blob = app.store.add([line.encode() for line in lines])
        items = (*items, manifest_of(upload.asked, version.name, blob.digest, blob.size))
    version = replace(version, items=items, extra={**version.extra, **said, **words})
    app.catalog.images.record(holding.source, holding.product, [version], holding.state, clock.now())
