"""
products:1.0: a verified document into values, and values into a document that every client reads.

What cannot be used is left out and remarked on, and hides nothing else. A version is whole or not
there: one unusable file takes its version with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tundish.core import names
from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import Item, Json, Product, Products, Remark, Version
from tundish.core.names import ContentId, ItemPath
from tundish.core.notice import Announcement
from tundish.core.payload import Payload
from tundish.stream import announcements, dates, document, items
from tundish.stream.announcements import announced, spoken
from tundish.stream.document import Object
from tundish.stream.flatten import ITEM_KEYS, PRODUCT_KEYS, Aliases, carried, handed_down
from tundish.stream.remarks import Remarks, shown

FORMAT = "products:1.0"
MAX_PRODUCTS = 50_000
_MAX_TITLE = 255

_TOP = frozenset({"format", "content_id", "datatype", "updated", "products", "_aliases"})
_PRODUCT = frozenset({"os", "release", "arch", "label", "subarch", "release_title", "versions"})
_VERSION = frozenset({"items"})
_NUMBER = re.compile(r"(\d+)")


def parse(payload: Payload, *, nameless: bool = False) -> tuple[Products, tuple[Remark, ...]]:
    """
    The usable part of a products file, and what was skipped or put right.

    With `nameless`, products that do not say their os and arch are taken too.

    Raises:
        BadDocument: it is no products file at all.
    """
    remarks = Remarks()
    top = document.read(payload, FORMAT)
    listed = top.pop("products", None)
    if not isinstance(listed, dict):
        raise document.bad(payload, "it has no products")
    if len(listed) > MAX_PRODUCTS:
        raise document.bad(payload, f"it has over {MAX_PRODUCTS} products")
    content_id = _content_id(top, payload)
    aliases = Aliases(top, payload.origin, remarks)
    top = aliases.expanded(top)
    reading = _Reading(content_id, aliases, remarks, nameless)
    found = reading.products(top, listed)
    return (
        Products(
            content_id=content_id,
            datatype=datatype(top.get("datatype"), content_id, remarks),
            updated=dates.parse(top.get("updated"), content_id, remarks),
            products=found,
            extra=carried(top, _TOP, PRODUCT_KEYS | ITEM_KEYS, content_id, remarks),
            announced=tuple(reading.announced),
        ),
        remarks.collected(),
    )


def render(products: Products) -> bytes:
    """
    The document, everything expanded.

    Raises:
        InputError: a value is too long to be signed.
    """
    top: Object = {
        **products.extra,
        "format": FORMAT,
        "content_id": products.content_id,
        "datatype": products.datatype,
        "products": _listed(products),
    }
    if products.updated is not None:
        top["updated"] = dates.render(products.updated)
    return document.render(top)


def _listed(products: Products) -> Object:
    listed: Object = {product.name: _product(product) for product in products.products}
    if products.announced:
        name = f"{products.content_id}:{announcements.PRODUCT}"
        listed.setdefault(name, announcements.rendered(products.announced))
    return listed


def _product(product: Product) -> Object:
    named = {
        "os": product.os,
        "release": product.series,
        "arch": product.arch,
        "label": product.label,
        "subarch": product.kernel,
        "release_title": product.title,
    }
    written: Object = {**product.extra, **{key: value for key, value in named.items() if value}}
    written["versions"] = {
        version.name: {**version.extra, "items": {item.name: items.render(item) for item in version.items}}
        for version in product.versions
    }
    return written


@dataclass(slots=True)
class _Reading:
    content_id: ContentId
    aliases: Aliases
    remarks: Remarks
    nameless: bool = False
    paths: dict[ItemPath, tuple[Digest, int]] = field(default_factory=dict)
    announced: list[Announcement] = field(default_factory=list)

    def products(self, top: Object, listed: Object) -> tuple[Product, ...]:
        """
        The usable products, by name; `listed` is used up, so that a large document is held only once.
        """
        above, beneath = handed_down(top, PRODUCT_KEYS), handed_down(top, ITEM_KEYS)
        found = []
        for name in sorted(listed):
            body = listed.pop(name)
            news = list(announced(body, beneath.get("ftype")))
            self.announced += news
            try:
                found.append(self.product(name, _as_object(body), above, beneath))
            except InputError as error:
                if not news:  # an announcement is whole without any file
                    self.remarks.add(name, f"skipped: {error}")
        return tuple(found)

    def product(
        self, name: str, body: Object, above: Mapping[str, Json], beneath: Mapping[str, Json]
    ) -> Product:
        checked = names.product_name(name)
        own = self.aliases.expanded(body)
        full = {**above, **own} if above else own
        fields = {key: _word(key, full.get(key)) for key in ("os", "release", "arch", "label", "subarch")}
        if not (self.nameless or (fields["os"] and fields["arch"])):
            raise InputError("it does not say its os and arch")
        versions = self.versions(name, full.get("versions"), handed_down(own, ITEM_KEYS, beneath))
        if not versions:
            raise InputError("it has no usable version")
        return Product(
            name=checked,
            content_id=self.content_id,
            os=fields["os"],
            series=fields["release"],
            arch=fields["arch"],
            label=fields["label"],
            kernel=fields["subarch"],
            title=_title(full.get("release_title"), name, self.remarks),
            versions=versions,
            extra=carried(full, _PRODUCT, ITEM_KEYS, name, self.remarks),
        )

    def versions(self, product: str, listed: Json, above: Mapping[str, Json]) -> tuple[Version, ...]:
        found = []
        for name, body in sorted(_as_object(listed).items()):
            subject = f"{product}/{name}"
            try:
                found.append(self.version(name, _as_object(body), above, subject))
            except InputError as error:
                if not any(spoken(body, above.get("ftype"))):  # whole without any file
                    self.remarks.add(subject, f"skipped: {error}")
        self.judge_order(product, found)
        return tuple(found)

    def version(self, name: str, body: Object, above: Mapping[str, Json], subject: str) -> Version:
        checked = names.version_name(name)
        own = self.aliases.expanded(body)
        below = handed_down(own, ITEM_KEYS, above)
        found = []
        for item_name, item_body in sorted(_as_object(own.get("items")).items()):
            place = f"{subject}/{item_name}"
            try:
                item = items.parse(
                    item_name, self.aliases.expanded(_as_object(item_body)), below, place, self.remarks
                )
            except InputError as error:
                raise InputError(f"its item {shown(item_name)} cannot be used: {error}") from None
            if item is not None:
                found.append(item)
        if not found:
            raise InputError("it has no files")
        self.remember(found)
        return Version(checked, tuple(found), carried(own, _VERSION, ITEM_KEYS, subject, self.remarks))

    def remember(self, found: list[Item]) -> None:
        """
        One path, one content, for ever: a version that says otherwise cannot be right.
        """
        for item in found:
            if self.paths.setdefault(item.path, (item.digest, item.size)) != (item.digest, item.size):
                raise InputError(
                    f"its item {item.name} gives {shown(item.path)} another content than an earlier one"
                )

    def judge_order(self, product: str, versions: list[Version]) -> None:
        """
        Versions run in C-locale order, as all clients have it, also where people would count otherwise.
        """
        ordered = [version.name for version in versions]
        if len({len(name) for name in ordered}) > 1 and ordered != sorted(ordered, key=_as_counted):
            self.remarks.add(
                product, f"{shown(ordered[-1])} counts as its newest version, by order of letters"
            )


def _as_counted(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name) if part]


def _as_object(value: Json) -> Object:
    if not isinstance(value, dict):
        raise InputError("it is not an object" if value is not None else "it is empty")
    return value


def _word(key: str, value: Json) -> str:
    """
    A field that selects a product: one word, or nothing. A whole number is one too.
    """
    if value is None or value == "":
        return ""
    return names.word(key, str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _title(value: Json, subject: str, remarks: Remarks) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is None or (isinstance(value, str) and value.isprintable() and len(value) <= _MAX_TITLE):
        return value or ""
    remarks.add(subject, "its release_title is left out: not a short printable text")
    return ""


def datatype(value: Json, subject: str, remarks: Remarks) -> str:
    """
    What kind of content a document says it lists; "" with a remark if it does not.
    """
    if isinstance(value, str) and value.isprintable() and len(value) <= names.MAX_NAME:
        return value
    remarks.add(subject, "does not say its datatype")
    return ""


def _content_id(top: Object, payload: Payload) -> ContentId:
    try:
        return names.content_id(top.get("content_id"))
    except InputError as error:
        raise document.bad(payload, f"{error}") from None
