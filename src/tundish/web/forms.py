"""
Bodies of forms: of one type, bounded, and judged before a page sees them.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request

from tundish.core.errors import InputError
from tundish.web.visit import Words

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 2_000
TYPE = "application/x-www-form-urlencoded"


async def form_of(request: Request) -> Words:
    """
    What a form says.

    Raises:
        InputError: it is too long, or of another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise InputError(f"the form is longer than {MOST_BYTES:,} bytes")
    if not body:
        return Words()
    if kind != TYPE:
        raise InputError(f"the form comes as {kind[:80] or 'no type'}; send {TYPE}")
    return spoken(body.decode("utf-8", "replace"))


def spoken(text: str) -> Words:
    """
    The values of a query or a form, empty ones included.

    Raises:
        InputError: too many.
    """
    try:
        return Words(tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)))
    except ValueError:
        raise InputError(f"the form has more than {MOST_FIELDS:,} fields") from None
