"""
What the control door asks of tundish. `app` answers; every call may block and runs on a thread.

Lists that grow are read in pages: at most `limit` rows that come behind the row whose key is `after`
(0 or "": from the start). The order of a list and the key of its rows stand at each question.
"""

from collections.abc import Sequence
from typing import Protocol

from tundish.core.holding import Event, Holding, Job, Usage
from tundish.core.machine import Deployment, Machine
from tundish.core.notice import Notice
from tundish.core.progress import Running
from tundish.core.selection import Selection, Source


class Views(Protocol):
    def usage(self) -> Usage:
        """
        The numbers of this state; cheap enough to be asked for every page.
        """

    def sources(self) -> Sequence[Source]:
        """
        All of them, by name.
        """

    def selections(self) -> Sequence[Selection]:
        """
        All of them, oldest first.
        """

    def images(self, *, limit: int, after: int) -> Sequence[Holding]:
        """
        Oldest first; the key is the holding's id.
        """

    def machines(self, *, limit: int, after: str) -> Sequence[Machine]:
        """
        In order of the MAC address, which is the key.
        """

    def deployments(self, *, limit: int, after: int) -> Sequence[Deployment]:
        """
        Newest first; the key is the deployment's id.
        """

    def jobs(self, *, limit: int, after: int) -> Sequence[Job]:
        """
        Newest first; the key is the job's id.
        """

    def events(self, *, limit: int, after: int) -> Sequence[Event]:
        """
        Newest first; the key is the event's id.
        """

    def notices(self) -> Sequence[Notice]:
        """
        Those to be shown, the worst first.
        """

    def sync(self) -> Running | None:
        """
        The running sync, else the last one; None if there never was any.
        """
