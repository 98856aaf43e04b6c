"""
Bring the notices that stand in line with how things are.
"""

import json
from collections.abc import Iterable
from datetime import datetime

from tundish.app import unsigned
from tundish.app.choosing import chosen_commissioning, chosen_schedule, unwanted_notices
from tundish.app.judging import ChannelFacts, Facts, SourceFacts, judge
from tundish.catalog.opened import Catalog
from tundish.core.notice import Notice, Severity
from tundish.core.selection import Source
from tundish.store.blobs import BlobSink
from tundish.sync.conditions import condition
from tundish.sync.status import latest

ORDER = {str(severity): place for place, severity in enumerate(Severity)}


def notice(catalog: Catalog, store: BlobSink, now: datetime) -> tuple[Notice, ...]:
    """
    Look at everything again; the answer is what is to be shown, the worst first.
    """
    catalog.notices.reconcile(judge(facts(catalog, store), now), now)
    return shown(catalog.notices.list(), now)


def shown(notices: Iterable[Notice], now: datetime) -> tuple[Notice, ...]:
    """
    Those that nobody dismissed of late, the worst first.
    """
    visible = [each for each in notices if each.is_shown(now)]
    return tuple(sorted(visible, key=lambda each: (ORDER.get(each.severity, 0), each.since, each.id)))


def facts(catalog: Catalog, store: BlobSink) -> Facts:
    last = latest(catalog)
    detail = json.loads(last.detail or "{}") if last is not None else {}
    return Facts(
        sources=tuple(_of(catalog, each) for each in catalog.sources.list() if each.enabled),
        selections=tuple(selection for _, selection in catalog.selections.list()),
        free=store.free(),
        schedule=chosen_schedule(catalog.choices),
        commissioning=chosen_commissioning(catalog.choices),
        off=unwanted_notices(catalog.choices),
        failing=tuple(
            ChannelFacts(each.channel, each.since, each.error) for each in unsigned.failing(catalog)
        ),
        last=last,
        error=str(detail.get("error", "")),
    )


def _of(catalog: Catalog, source: Source) -> SourceFacts:
    dates = [mark.updated for mark in catalog.sources.seen(source.name).values() if mark.updated is not None]
    return SourceFacts(
        name=source.name,
        is_signed=source.is_signed,
        condition=condition(catalog.choices, source.name),
        updated=max(dates, default=None),
    )
