"""
The demo: a foundry builds a real image and publishes it, a region syncs it over HTTP, and a machine boots
it over the network from the region. Every step is what the commands do, on two state folders.
"""

import shlex
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tundish.app.opened import App, holder, open_app
from tundish.build.host import suggested_recipe
from tundish.build.run import Made, make
from tundish.core import clock
from tundish.core.clock import monotonic
from tundish.core.errors import StorageError, ToolFailed
from tundish.core.machine import Deployment
from tundish.core.names import channel_name, source_name
from tundish.core.selection import Selection
from tundish.demo.servers import Served, served
from tundish.publish import run as publishing
from tundish.publish.publisher import Publication
from tundish.settings import Settings
from tundish.sync import run as syncing
from tundish.sync.ledger import Outcome
from tundish.sync.mirror import Watch
from tundish.sync.plan import Plan
from tundish.sync.run import Prepared
from tundish.sync.sources import drafted, offered
from tundish.tools.qemu import HOST, Accelerator, Guest, accelerator, netboot
from tundish.tools.run import Running

CHANNEL = channel_name("stable")
SOURCE = source_name("foundry")
MAC, UUID = "52:54:00:74:75:6e", "74756e64-6973-4800-8000-525400747564"
CONSOLE = "console=ttyS0 quiet"
BOOT_LIMIT = 300.0  # seconds for a machine without acceleration to report
_MARK = "tundish-demo"  # a file that says: this folder is ours to delete
_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """
    One line of the summary. `moved` is in bytes; `again` is the command that shows the result.
    """

    name: str
    seconds: float
    moved: int
    result: str
    again: str


class Narrator(Protocol):
    """
    Who tells the story while it happens.
    """

    def begins(self, name: str) -> None: ...

    def says(self, line: str) -> None: ...

    def plans(self, prepared: Prepared) -> None: ...

    def watches(self) -> AbstractContextManager["PlanWatch"]: ...


class PlanWatch(Watch, Protocol):
    """
    A watcher that is told what to expect.
    """

    def expect(self, plan: Plan) -> None: ...


@dataclass(slots=True)
class Story:
    """
    `tell` runs it all. Without `boot` it ends once the region has synced.
    """

    settings: Settings
    narrator: Narrator
    boot: bool = True
    keep: bool = False
    steps: list[Step] = field(default_factory=list)
    kept: Served | None = None

    def tell(self) -> None:
        """
        Run the demo.

        Raises:
            TundishError: a step failed; nothing is left running.
        """
        fresh(self.settings.state)
        with ExitStack() as stack:
            foundry = stack.enter_context(open_app(self._state("foundry")))
            region = stack.enter_context(open_app(self._state("region")))
            made = self._build(foundry)
            self._publish(foundry)
            with served(foundry.settings.state) as server:
                self._sync(region, foundry, server, made)
            if self.boot or self.keep:
                server = stack.enter_context(served(region.settings.state, kernel_arguments=CONSOLE))
                if self.boot:
                    self._boot(region, server)
                if self.keep:
                    server.running.keep()
                    self.kept = server

    def _state(self, name: str) -> Settings:
        return replace(self.settings, state=self.settings.state / name)

    def _build(self, foundry: App) -> Made:
        with self._step("build") as note:
            made = make(
                suggested_recipe(epoch=foundry.epoch()),
                foundry.bench(),
                progress=self.narrator.says,
                label="stable",
            )
            blobs = (made.built.kernel, made.built.initrd, made.built.squashfs, made.built.root_tgz)
            note.moved = sum(blob.size for blob in blobs)
            note.result = f"{made.holdings[0].ref}, {len(made.built.packages)} packages"
            note.again = f"{_tundish(foundry)} image show {made.holdings[0].ref}"
        return made

    def _publish(self, foundry: App) -> Publication:
        with self._step("publish") as note:
            done = publishing.publish(
                foundry.catalog,
                [],
                CHANNEL,
                channels=foundry.channels,
                press=foundry.press(),
                holder=holder(),
            )
            note.moved = done.size
            note.result = f"{len(done.images)} images, {done.files} files, signed by {done.fingerprint[-16:]}"
            note.again = f"{_tundish(foundry)} publish --json"
        return done

    def _sync(self, region: App, foundry: App, server: Served, made: Made) -> Outcome:
        with self._step("sync") as note:
            url = f"{server.files}/stream/{CHANNEL}/"
            source = drafted(SOURCE, url, keyring=foundry.public_keyring.read_bytes(), unsigned=False)
            offer = offered(source, region.desk(), seen={})
            region.catalog.sources.add(source, clock.now())
            self.narrator.says(f"source {SOURCE}: {url} offers {len(offer.products)} products")
            product = made.holdings[0].product
            region.catalog.selections.add(Selection(os=product.os, series=product.series), clock.now())
            with self.narrator.watches() as watch:

                def planned(prepared: Prepared) -> None:
                    self.narrator.plans(prepared)
                    watch.expect(prepared.plan)

                outcome = syncing.sync(region.desk(), watch=watch, stop=threading.Event(), planned=planned)
            note.moved = outcome.fetched_bytes
            note.result = f"{len(outcome.completed)} images complete, {outcome.fetched_files} files"
            note.again = f"{_tundish(region)} image list"
        return outcome

    def _boot(self, region: App, server: Served) -> Deployment:
        with self._step("boot") as note:
            accelerated = accelerator(region.settings.state)
            self.narrator.says(f"QEMU runs guests by {accelerated.name}: {accelerated.reason}")
            deployment = self._boot_one(region, server, accelerated)
            note.moved = sum(
                item.size
                for holding in region.catalog.images.list()
                if holding.version.is_bootable
                for item in holding.version.items
                if item.ftype in {"boot-kernel", "boot-initrd", "squashfs"}
            )
            machine = region.catalog.machines.get(deployment.mac)
            note.result = f"machine {machine.machine_id} runs {deployment.image}@{deployment.version}"
            note.again = f"{_tundish(region)} machine show {deployment.mac}"
        return deployment

    def _boot_one(self, region: App, server: Served, accelerated: Accelerator) -> Deployment:
        guest = Guest(mac=MAC, uuid=UUID, serial=region.settings.state / "machine.log")
        url = f"http://{HOST}:{server.file_port}/ipxe.cfg"
        self.narrator.says(f"a machine is switched on; its firmware loads {url}")
        with netboot(guest, url, accelerated) as running:
            return self._await_report(region, guest, running)

    def _await_report(self, region: App, guest: Guest, running: Running) -> Deployment:
        deadline, asked = monotonic() + BOOT_LIMIT, False
        while monotonic() < deadline:
            for deployment in region.catalog.machines.deployments(guest.mac):
                if deployment.reported_at:
                    return deployment
                if not asked:
                    asked = True
                    self.narrator.says(f"it asked to boot, and was told {deployment.image}")
            if running.ended(within=_PAUSE) is not None:
                break
        said = guest.serial.read_text(errors="replace").strip()[-2000:]
        raise ToolFailed(f"the machine did not report; the end of its console ({guest.serial}):\n{said}")

    @contextmanager
    def _step(self, name: str) -> "Iterator[_Note]":
        self.narrator.begins(name)
        note, since = _Note(), monotonic()
        yield note
        self.steps.append(Step(name, monotonic() - since, note.moved, note.result, note.again))


@dataclass(slots=True)
class _Note:
    moved: int = 0
    result: str = ""
    again: str = ""


def fresh(folder: Path) -> None:
    """
    An empty folder for a demo; one of an earlier demo is deleted, any other is left alone.

    Raises:
        StorageError: the folder holds something that is not a demo's.
    """
    mark = folder / _MARK
    try:
        if mark.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise StorageError(f"{folder} is not empty and not a demo's; name another with --state")
        mark.touch()
    except OSError as error:
        raise StorageError(f"cannot use {folder}: {error.strerror}; name another with --state") from error


def _tundish(app: App) -> str:
    return f"tundish --state {shlex.quote(str(app.settings.state))}"
