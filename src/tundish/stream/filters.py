"""
The filter grammar of the reference mirror, with the same results, and three things it lacks.

    key=text  key!=text  key~regex  key!~regex      as the reference has them; a missing key is ""
    key<n  key<=n  key>n  key>=n                    numbers or days
    (filter||filter||...)                           any of them

The reference refuses what begins with "(" or compares with "<" or ">", so nothing it accepts changes.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol, TypeAlias

from tundish.core.errors import InputError
from tundish.core.image import Extra, Item, Json, Product, Products, Version
from tundish.stream import dates
from tundish.stream.flatten import is_sticky
from tundish.stream.remarks import Remarks

MAX_FILTER = 1_000  # characters
MAX_FILTERS = 100
Search: TypeAlias = Callable[[str, Sequence[str]], Sequence[bool]]  # a pattern in texts: where it is found
Levels: TypeAlias = Sequence[Mapping[str, Json]]  # the deepest first

_FILTER = re.compile(r"(?P<key>[A-Za-z0-9_|-]+) *(?P<operator>!=|!~|=|~) *(?P<value>.*)$")
_COMPARISON = re.compile(r"(?P<key>[A-Za-z0-9_|-]+) *(?P<operator><=|>=|<|>) *(?P<value>.*)$")
_OR = "||"
_ORDERS: Mapping[str, frozenset[int]] = {  # how the item may stand to the bound
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({1, 0}),
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_DAY = re.compile(r"([0-9]{4})(-?)(0[1-9]|1[0-2])\2(0[1-9]|[12][0-9]|3[01])")
_FORMS = "give KEY=TEXT, KEY!=TEXT, KEY~REGEX, KEY!~REGEX, KEY<NUMBER, KEY>=DAY, or (FILTER||FILTER)"


class Filter(Protocol):
    def passes(self, levels: Levels) -> bool:
        """
        Whether an item, given as the levels it inherits from, gets through.
        """


def parse(text: str) -> Filter:
    """
    Read one filter, as it stands on a command line.

    Raises:
        InputError: it is none.
    """
    if len(text) > MAX_FILTER:
        raise InputError(f"the filter {text[:60]!r}... has over {MAX_FILTER} characters; shorten it")
    if text.startswith("(") and text.endswith(")"):
        return _Any(tuple(_plain(each) for each in _alternatives(text[1:-1])))
    return _plain(text)


def narrowed(document: Products, filters: Sequence[Filter]) -> Products:
    """
    What of a products file passes all filters: items first, then versions and products left with any.
    """
    if not filters:
        return document
    kept = (_narrowed_product(document, product, filters) for product in document.products)
    return replace(document, products=tuple(product for product in kept if product.versions))


def foresee(document: Products, filters: Sequence[Filter], search: Search) -> None:
    """
    Have all patterns of filters searched by `search`, so that `narrowed` of this document searches nothing.

    Raises:
        TundishError: whatever `search` raises.
    """
    for found in _patterns(filters):
        texts = sorted({_text(levels, found.key) for levels in _every(document)} - found.known.keys())
        if texts:
            found.known.update(zip(texts, search(found.pattern.pattern, texts), strict=True))


def _every(document: Products) -> Iterator[Levels]:
    for product in document.products:
        above = (_product_level(product), _document_level(document))
        for version in product.versions:
            over = (_version_level(version), *above)
            yield from ((_item_level(item), *over) for item in version.items)


def _patterns(filters: Sequence[Filter]) -> Iterator["_Found"]:
    for each in filters:
        if isinstance(each, _Found):
            yield each
        elif isinstance(each, _Any):
            yield from _patterns(each.filters)


def _narrowed_product(document: Products, product: Product, filters: Sequence[Filter]) -> Product:
    above = (_product_level(product), _document_level(document))
    versions = []
    for version in product.versions:
        over = (_version_level(version), *above)
        items = tuple(
            item for item in version.items if all(each.passes((_item_level(item), *over)) for each in filters)
        )
        if items:
            versions.append(replace(version, items=items) if len(items) < len(version.items) else version)
    return replace(product, versions=tuple(versions))


def _document_level(document: Products) -> Extra:
    updated = dates.render(document.updated) if document.updated else ""
    own: Extra = {"content_id": document.content_id, "datatype": document.datatype, "updated": updated}
    return {"format": "products:1.0", **document.extra, **own}


def _product_level(product: Product) -> Extra:
    named = {
        "os": product.os,
        "release": product.series,
        "arch": product.arch,
        "label": product.label,
        "subarch": product.kernel,
        "release_title": product.title,
    }
    return {
        **product.extra,
        **{key: value for key, value in named.items() if value},
        "product_name": product.name,
    }


def _version_level(version: Version) -> Extra:
    return {**version.extra, "version_name": version.name}


def _item_level(item: Item) -> Extra:
    return {
        **item.extra,
        "ftype": item.ftype,
        "path": item.path,
        "sha256": item.digest.hex,
        "size": item.size,
        "item_name": item.name,
    }


def _text(levels: Levels, key: str) -> str:
    """
    What a key says of an item: numbers as digits, booleans as True and False, everything else is missing.
    """
    for level in levels:
        value = level.get(key)
        if is_sticky(value):
            return str(value)
    return ""


def _plain(text: str) -> Filter:
    if found := _FILTER.match(text):
        key, operator, value = found.groups()
        if "~" in operator:
            return _Found(key, _compiled(value, text), wanted=operator == "~")
        return _Equal(key, value, wanted=operator == "=")
    if found := _COMPARISON.match(text):
        key, operator, value = found.groups()
        if not (_NUMBER.fullmatch(value) or _DAY.fullmatch(value)):
            raise InputError(f"the filter {text!r} compares with {value!r}, which is no number and no day")
        return _Ordered(key, operator, value)
    raise InputError(f"{text!r} is not a filter: {_FORMS}")


def _alternatives(text: str) -> Iterator[str]:
    """
    Split at each `||` behind which another filter begins; any other belongs to a value.
    """
    begun = text
    for part in text.split(_OR):
        is_filter = _FILTER.match(part.lstrip(" ")) or _COMPARISON.match(part.lstrip(" "))
        if begun is text:
            begun = part
        elif is_filter:
            yield begun.strip(" ")
            begun = part
        else:
            begun += _OR + part
    yield begun.strip(" ")


def _compiled(pattern: str, text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # signs that may mean something else one day
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"the filter {text!r} is not a regular expression: {error}") from None


@dataclass(frozen=True, slots=True)
class _Equal:
    key: str
    value: str
    wanted: bool

    def passes(self, levels: Levels) -> bool:
        return (_text(levels, self.key) == self.value) is self.wanted


@dataclass(frozen=True, slots=True)
class _Found:
    """
    Each text is searched once: most keys have few values in a whole document.
    """

    key: str
    pattern: re.Pattern[str]
    wanted: bool
    known: dict[str, bool] = field(default_factory=dict, compare=False)

    def passes(self, levels: Levels) -> bool:
        text = _text(levels, self.key)
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self.pattern.search(text) is not None
        return found is self.wanted


@dataclass(frozen=True, slots=True)
class _Ordered:
    """
    As numbers if both are numbers, else as days if both begin with one; nothing else passes.
    """

    key: str
    operator: str
    value: str

    def passes(self, levels: Levels) -> bool:
        text = _text(levels, self.key)
        if _NUMBER.fullmatch(text) and _NUMBER.fullmatch(self.value):
            number, limit = Decimal(text), Decimal(self.value)
            return (number > limit) - (number < limit) in _ORDERS[self.operator]
        day, bound = _day(text), _day(self.value)
        return bool(day and bound) and (day > bound) - (day < bound) in _ORDERS[self.operator]


@dataclass(frozen=True, slots=True)
class _Any:
    filters: tuple[Filter, ...]

    def passes(self, levels: Levels) -> bool:
        return any(each.passes(levels) for each in self.filters)


def _day(text: str) -> str:
    """
    The day that a text begins with or, written as on the wire, names; empty if there is none.
    """
    if found := _DAY.match(text):
        return found[1] + found[3] + found[4]
    moment = dates.parse(text, "", Remarks())
    return f"{moment:%Y%m%d}" if moment else ""
