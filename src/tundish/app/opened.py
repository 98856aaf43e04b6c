"""
Everything a command or a door works with, opened in order and closed in reverse. No rules here.

    <state>/
    ├── catalog.sqlite      what we know
    ├── store/              blobs
    ├── channels/<name>/    published trees, plain files
    ├── keys/               signing.key (secret), signing.gpg (public keyring for readers)
    └── work/               builds under way; empty when none is
"""

import os
import platform
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tundish.app.feed import Feed
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core import clock
from tundish.core.errors import NotFound, StorageError
from tundish.core.progress import UNWATCHED, Gauge
from tundish.core.selection import Fetching
from tundish.fetch.brake import Stoppable, pauses
from tundish.fetch.fetcher import Fetcher
from tundish.fetch.lines import Lines
from tundish.settings import MOST_PARALLEL, Settings
from tundish.store import audit
from tundish.store.local import LocalStore
from tundish.sync.mirror import Gear
from tundish.sync.run import Desk
from tundish.tools.gpg import GpgSigner, Gpgv, generate_key

if TYPE_CHECKING:  # loaded by the few commands that build, publish or serve
    from tundish.access.admission import Admission
    from tundish.build.run import Bench
    from tundish.publish.publisher import Press
    from tundish.publish.run import Office
    from tundish.retain.repair import Toolbox
    from tundish.retain.run import Broom
    from tundish.retain.scrub import Brush


@dataclass(frozen=True, slots=True)
class App:
    """
    The opened parts.
    """

    settings: Settings
    catalog: Catalog
    store: LocalStore
    fetcher: Fetcher
    verifier: Gpgv
    lines: Lines
    feed: Feed

    @property
    def channels(self) -> Path:
        return self.settings.state / "channels"

    @property
    def public_keyring(self) -> Path:
        """
        Where readers of what we publish find our public key.
        """
        return self.settings.state / "keys" / "signing.gpg"

    def desk(self, parallel: int | None = None) -> Desk:
        """
        What a sync works with.
        """
        gear = Gear(
            fetcher=self.fetcher,
            store=self.store,
            images=self.catalog.images,
            roots={},
            now=clock.now,
            sleep=time.sleep,
            jitter=random.random,
            parallel=parallel or self.settings.parallel,
        )
        return Desk(self.catalog, self.store, self.fetcher, self.verifier, gear, holder(), self.lines.of)

    def guard_sources(self) -> None:
        """
        From now on, let sources that somebody who is no admin chose lead to public or allowed addresses only.

        Raises:
            InputError: the setting of what is allowed is not of its form.
        """
        from tundish.fetch.guard import Guard

        self.lines.guard = Guard.read(self.settings.allowed_hosts)

    def bench(self) -> "Bench":
        """
        What a build works with.
        """
        from tundish.build.run import Bench

        settings = self.settings
        return Bench(
            catalog=self.catalog,
            store=self.store,
            cache=settings.cache / "packages",
            work=settings.state / "work",
            now=clock.now,
            holder=holder(),
        )

    def epoch(self) -> int:
        """
        The moment that builds claim to be of: the setting, or today at 00:00 UTC.
        """
        if self.settings.epoch is not None:
            return self.settings.epoch
        return int(clock.now().replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    def broom(self, gauge: Gauge = UNWATCHED) -> "Broom":
        """
        What a garbage collection works with.
        """
        from tundish.retain.run import Broom

        return Broom(self.catalog, self.store, clock.now, holder(), gauge)

    def usage(self) -> audit.Usage:
        """
        How full the store is.
        """
        return audit.usage(self.store)

    def admission(self) -> "Admission":
        """
        Who may come in by the doors; one for all of them.
        """
        from tundish.access.admission import admission

        return admission(self.catalog, self.settings.state / "keys", clock.now)

    def brush(self, rate: int | None, *, quarantine: bool) -> "Brush":
        """
        What a scrub works with, at most `rate` bytes per second.
        """
        from tundish.fetch.throttle import Throttle
        from tundish.retain.scrub import Brush

        throttle = Throttle(rate, now=clock.monotonic, sleep=time.sleep) if rate else None
        return Brush(self.catalog, self.store, clock.now, throttle, quarantine)

    def toolbox(self, stop: Stoppable, parallel: int | None = None) -> "Toolbox":
        """
        What a repair works with, until `stop` is set.
        """
        from tundish.app.mending import SourcePlaces
        from tundish.retain.refetch import Means
        from tundish.retain.repair import Toolbox

        means = Means(
            store=self.store,
            places=SourcePlaces(self.desk(), stop, self.channels),
            sleep=pauses(time.sleep, stop),
            jitter=random.random,
            stop=stop,
            parallel=parallel or self.settings.parallel,
        )
        return Toolbox(self.catalog, self.store, means, clock.now, holder())

    def press(self, gauge: Gauge = UNWATCHED) -> "Press":
        """
        What a publisher works with; the first call makes the signing key.
        """
        from tundish.publish.publisher import Press

        return Press(self.store, self._signer(), self.verifier, clock.now, gauge)

    def office(self, gauge: Gauge = UNWATCHED) -> "Office":
        """
        What the verbs on channels work with; the first call makes the signing key.
        """
        from tundish.publish.run import Office

        return Office(self.catalog, self.channels, self.press(gauge), holder())

    def keyed_office(self, gauge: Gauge = UNWATCHED) -> "Office":
        """
        The same, for what nobody asked for by name: it never makes a key.

        Raises:
            NotFound: there is no signing key.
        """
        if not self._secret.exists():
            raise NotFound(
                f"the signing key {self._secret} is not there; put it back from a backup, or make a new one, "
                "which all readers must then be given: tundish publish"
            )
        return self.office(gauge)

    @property
    def _secret(self) -> Path:
        return self.settings.state / "keys" / "signing.key"

    def _signer(self) -> GpgSigner:
        secret = self._secret
        secret.parent.mkdir(mode=0o700, exist_ok=True)
        if not secret.exists():
            generate_key(secret, f"tundish on {platform.node()}")
        signer = GpgSigner(secret)
        if not self.public_keyring.exists():
            draft = self.public_keyring.with_suffix(".new")
            draft.write_bytes(signer.keyring())
            draft.replace(self.public_keyring)
        return signer


def holder() -> str:
    """
    Who we are, for somebody who finds a lock taken.
    """
    return f"process {os.getpid()} on {platform.node()}"


@contextmanager
def open_app(settings: Settings) -> Iterator[App]:
    """
    Open the state folder, made on first use.

    Raises:
        StorageError: the folder cannot be made or used.
    """
    try:
        settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (settings.state / "channels").mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot use {settings.state}: {error.strerror}; name another folder: --state or TUNDISH_STATE"
        ) from error
    with ExitStack() as stack:
        catalog = Catalog.open(sqlite_url(settings.state / "catalog.sqlite"))
        stack.callback(catalog.close)
        lines = Lines(
            connections=2 * MOST_PARALLEL, http_proxy=settings.http_proxy, no_proxy=settings.no_proxy
        )
        stack.callback(lines.close)
        feed = Feed(catalog)
        stack.callback(feed.close)
        yield App(
            settings=settings,
            catalog=catalog,
            store=LocalStore(settings.state / "store"),
            fetcher=lines.of(Fetching()),
            verifier=Gpgv(),
            lines=lines,
            feed=feed,
        )
