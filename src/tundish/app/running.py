"""
The runner of a server: it claims jobs, lets their verbs run on threads, and writes down what becomes of them.

Only the runner's own thread writes to the rows of its jobs. Whatever it cannot write now, because the
catalog is locked or the disk is full, it writes at a later look; a job ends in the catalog or not at all.
"""

import json
import logging
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tundish.app import orders
from tundish.app.opened import App, holder
from tundish.app.orders import Order
from tundish.app.task import Adopted, Ended, Task
from tundish.app.works import carry_out
from tundish.catalog.queue import ATTEMPTS
from tundish.catalog.records import STOPPED
from tundish.core.errors import (
    Busy,
    Conflict,
    Partial,
    Stopped,
    StorageError,
    TundishError,
    is_worth_retrying,
    reaction,
)
from tundish.core.holding import Job
from tundish.core.image import Json

MOST = 4  # jobs at once
LOOK = 1.0  # seconds between two looks
LEASE = timedelta(seconds=30)
BEAT = timedelta(seconds=3)
WAIT = timedelta(seconds=5)  # until what was busy is asked again
PAUSE = timedelta(seconds=30)  # before the second attempt; twice that before the third
GRACE = 60.0  # seconds that jobs have to end when the server stops

LOG = logging.getLogger(__name__)

Carry = Callable[[Order, App, Task], Ended]


@dataclass(frozen=True, slots=True)
class _Under:
    task: Task
    jobs: Adopted
    thread: threading.Thread


class Runner:
    """
    `start` it, and `stop` it before the app is closed. `look` is one step, for who keeps the time himself.
    """

    def __init__(
        self, app: App, *, now: Callable[[], datetime], carry: Carry = carry_out, most: int = MOST
    ) -> None:
        self._app, self._now, self._carry, self._most = app, now, carry, most
        self._mark = f"{random.getrandbits(64):016x}"  # a number of a process comes again
        self._holder = f"{holder()}, {self._mark}"
        self._life = ExitStack()
        self._under: dict[int, _Under] = {}
        self._beaten: datetime | None = None
        self._is_stopping = False
        self._told = ""
        self._over, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="runner", daemon=True)

    def start(self) -> None:
        """
        Begin to look. Others see that this one lives until it is stopped or its process dies.
        """
        try:
            self._life.enter_context(self._app.catalog.database.alive(self._mark))
        except StorageError as error:
            LOG.warning("if this server dies, the next one waits for its leases: %s", error)
        self._thread.start()

    def stop(self, grace: float = GRACE) -> None:
        """
        End what runs, and return when it waits again or has ended. What does not end in time is left to its
        lease.
        """
        self._over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._is_stopping = True
        for each in self._under.values():
            each.task.stop.set()
        for each in self._under.values():
            each.thread.join(grace)
        self._try(self._settle)
        for number in self._under:
            LOG.warning("job %d did not end in time; the next server takes it up", number)
        if not self._under:  # a thread that goes on is not dead before its process is
            self._life.close()

    def look(self) -> None:
        """
        Note how far the jobs are, renew their leases, take up what others left behind, and claim what is due.
        """
        now = self._now()
        if self._beaten is None or now - self._beaten >= BEAT:
            self._beat(now)
            self._take_up(now)
            self._beaten = now
        self._settle()
        while len(self._under) < self._most and self._app.catalog.jobs.has_due(now):
            job = self._app.catalog.jobs.claim(self._holder, now, now + LEASE)
            if job is None:
                return
            self._begin(job)

    def wait(self, seconds: float) -> bool:
        """
        Whether all verbs that are under way return within so many seconds each.
        """
        for each in list(self._under.values()):
            each.thread.join(seconds)
        return not any(each.thread.is_alive() for each in self._under.values())

    def _work(self) -> None:
        while not self._over.is_set():
            self._try(self.look)
            self._wake.wait(LOOK)
            self._wake.clear()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
            self._told = ""
        except TundishError as error:
            if str(error) != self._told:  # it may stay so for long, and is tried every second
                LOG.log(_level(error), "jobs cannot be looked after: %s: %s", type(error).__name__, error)
            self._told = str(error)
        except Exception:  # the loop of a server: a bug is logged whole, and no reason to end
            LOG.exception("the runner met a bug; it goes on")

    def _begin(self, job: Job) -> None:
        task, jobs = Task(job, self._now), Adopted(self._app.catalog.database, job.id)
        app = replace(self._app, catalog=replace(self._app.catalog, jobs=jobs))
        thread = threading.Thread(target=self._run, args=(app, task), name=f"job {job.id}", daemon=True)
        self._under[job.id] = _Under(task, jobs, thread)
        LOG.info("job %d begins: %s of %s, attempt %d", job.id, job.kind, job.subject, job.attempt)
        task.say(f"attempt {job.attempt} begins, by {holder()}")
        thread.start()

    def _run(self, app: App, task: Task) -> None:
        try:
            task.ended = self._carry(orders.read(task.job.kind, task.job.arguments), app, task)
        except TundishError as error:
            task.ended = Ended("failed", error=error)
        except BaseException as error:  # a verb with a bug is one job that failed, not a server that ended
            LOG.exception("job %d met a bug", task.job.id)
            task.ended = Ended("failed", error=error)
        self._wake.set()

    def _beat(self, now: datetime) -> None:
        if not self._under:
            return
        ours = self._app.catalog.jobs.beat(self._holder, now + LEASE)
        for number, each in self._under.items():
            each.task.is_asked = each.task.is_asked or ours.get(number, False)
            if number not in ours or each.task.is_asked:
                each.task.stop.set()

    def _take_up(self, now: datetime) -> None:
        catalog = self._app.catalog
        others = catalog.jobs.holders() - {self._holder}
        dead = [each for each in others if catalog.database.is_dead(each.rpartition(" ")[2])]
        if not catalog.jobs.has_lapsed(now, dead):
            return
        reason = f"its server died during each of {ATTEMPTS} attempts"
        taken = catalog.jobs.take_up(now, json.dumps({"error": reason}), dead)
        for number in taken.queued:
            catalog.job_lines.add(number, [(now, "its server died; it waits for another")])
        for number in taken.stopped:
            catalog.job_lines.add(number, [(now, "its server died; it was to be stopped anyway")])
        for number in taken.lost:
            catalog.job_lines.add(number, [(now, f"given up: {reason}")])
            job = catalog.jobs.get(number)
            catalog.events.add("job-lost", f"job {number}", f"{job.kind} of {job.subject}: {reason}", now)

    def _settle(self) -> None:
        """
        Write down what the verbs said, how far they are, and which of them have ended. One job that cannot be
        written down keeps no other from it.
        """
        errors = []
        for number, each in list(self._under.items()):
            try:
                self._write_down(number, each)
            except TundishError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _write_down(self, number: int, under: _Under) -> None:
        task, ended = under.task, under.task.ended
        if ended is None:
            detail = task.detail()
            if detail is not None:
                self._app.catalog.jobs.note(number, self._holder, detail)
            self._tell(task)
            return
        if not task.is_settled:
            self._conclude(under, ended)
            task.is_settled = True
        self._tell(task)
        del self._under[number]

    def _tell(self, task: Task) -> None:
        said = task.lines()
        try:
            if said:
                self._app.catalog.job_lines.add(task.job.id, said)
        except Conflict as error:
            if isinstance(error, Busy):
                task.keep(said)
                raise
            LOG.info("job %d is not there any more, and what it said is not kept", task.job.id)
        except TundishError:
            task.keep(said)
            raise

    def _conclude(self, under: _Under, ended: Ended) -> None:
        task, now, error = under.task, self._now(), ended.error
        jobs, number = self._app.catalog.jobs, under.task.job.id
        detail = json.dumps(_detail(under, ended))
        if isinstance(error, Stopped) and not task.is_asked and self._is_stopping:
            is_ours = jobs.requeue(number, self._holder, detail, now, is_counted=False)
            task.say("the server stops; it waits for the next one")
        elif isinstance(error, Busy) and not task.is_asked:
            is_ours = jobs.requeue(number, self._holder, detail, now + WAIT, is_counted=False)
            task.say(f"it waits: {error}")
        elif error is not None and not task.is_asked and _is_again(error, task.job.attempt):
            later = now + PAUSE * 2 ** (task.job.attempt - 1)
            is_ours = jobs.requeue(number, self._holder, detail, later)
            task.say(f"{error}; again at {later:%H:%M:%S} UTC")
        else:
            outcome = _outcome(under, ended)
            is_ours = jobs.close(number, self._holder, outcome, detail, now)
            task.say(f"{outcome}: {error}" if error is not None else outcome)
            if is_ours and outcome == "failed" and task.job.kind != "sync":  # that leaves events of its own
                said = str(error or ended.facts.get("error", ""))
                self._app.catalog.events.add("job-failed", f"job {number}", f"{task.job.kind}: {said}", now)
        LOG.info("job %d: %s", number, "it is another server's now" if not is_ours else _said(ended))


def _is_again(error: BaseException, attempt: int) -> bool:
    return is_worth_retrying(error) and attempt < ATTEMPTS


def _outcome(under: _Under, ended: Ended) -> str:
    """
    How a job ended: as its verb noted, if it got so far, or as its error says.
    """
    if isinstance(ended.error, Stopped):
        return STOPPED
    if isinstance(ended.error, Partial):
        return "partial"
    if ended.error is not None or ended.outcome != "done":
        return ended.outcome
    return under.jobs.outcome or ended.outcome


def _detail(under: _Under, ended: Ended) -> dict[str, Json]:
    noted: Json = json.loads(under.jobs.facts) if under.jobs.facts else {}
    detail = noted if isinstance(noted, dict) else {}
    error: dict[str, Json] = (
        {} if ended.error is None else {"error": str(ended.error) or type(ended.error).__name__}
    )
    return {**under.task.figures(), **error, **detail, **ended.facts}


def _said(ended: Ended) -> str:
    return ended.outcome if ended.error is None else f"{type(ended.error).__name__}: {ended.error}"


def _level(error: TundishError) -> int:
    return logging.getLevelNamesMapping()[reaction(error).log.upper()]
