"""
The lines of a server's log: text for people, or JSON for programs, one line each whatever is in them.

Secrets never get as far as here. What a client made up cannot begin a line of its own.
"""

import json
import logging
import sys
from datetime import UTC, datetime

from tundish.core.answered import Answered

MOST = 4_000  # characters of a message
_BREAKS = {number: f"\\x{number:02x}" for number in (*range(32), 127, *range(128, 160))}
_BREAKS |= {0x2028: "\\u2028", 0x2029: "\\u2029"}


class TextForm(logging.Formatter):
    """
    `2026-05-04T12:00:00.000Z info tundish.app.worker: the words`. A traceback follows, indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time(record)} {record.levelname.lower()} {record.name}: {_message(record)}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    {each.translate(_BREAKS)}" for each in trace.splitlines())
        return line


class JsonForm(logging.Formatter):
    """
    One object in a line; that of a request has its facts as fields.
    """

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, str | int | float] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:MOST],
        }
        answered = getattr(record, "answered", None)
        if isinstance(answered, Answered):
            fields |= {
                "door": answered.door,
                "method": answered.method,
                "path": answered.path[:MOST],
                "status": answered.status,
                "ms": round(answered.seconds * 1000, 3),
                "bytes": answered.sent,
                "actor": answered.actor,
                "address": answered.address,
                "request_id": answered.request_id,
            }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def begin_log(form: str) -> None:
    """
    Let everything of some weight go to standard error, in this form.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonForm() if form == "json" else TextForm())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("alembic", "uvicorn", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    return record.getMessage()[:MOST].translate(_BREAKS)
