"""
The architecture of tundish: three tables, and the proof that every module keeps to them.

`MAY_IMPORT`: a package imports only itself and the packages named in its row.
`OWNER`: each outside power belongs to one package.
`PURE`: these modules decide and never act.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"
LEAVES = {"stream", "trust", "fetch", "store", "tools", "anatomy"}
VERBS = {"sync", "build", "publish", "mirrors", "retain", "bundle", "check", "access", "intake"}

MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "core": set(),
    "stream": {"core"},
    "trust": {"core"},
    "fetch": {"core"},
    "store": {"core"},
    "tools": {"core"},
    "anatomy": {"core"},
    "catalog": {"core"},
    "settings": {"core"},
    "boot": {"core"},
    "sync": {"core", "stream", "trust", "fetch", "store", "catalog"},
    "mirrors": {"core", "stream", "trust", "fetch", "store", "catalog"},
    "publish": {"core", "stream", "trust", "store", "catalog"},
    "build": {"core", "anatomy", "trust", "fetch", "tools", "store", "catalog"},
    "check": {"core", "anatomy"},
    "retain": {"core", "store", "catalog", "fetch"},
    "access": {"core", "catalog"},
    "intake": {"core", "anatomy", "check", "store", "catalog"},
    "bundle": {"core", "stream", "trust", "store", "catalog"},
    "app": {"core", "settings", "catalog"} | LEAVES | VERBS,
    "api": {"core", "app"} | VERBS,
    "compat": {"core", "app"} | VERBS,
    "web": {"core", "app"} | VERBS,
    "serve": {"core", "settings", "app", "api", "compat", "web", "boot"},
    "remote": {"core", "fetch"},
    "demo": {"core", "settings", "app", "serve", "tools", "anatomy"} | VERBS,
    "cli": {"core", "settings", "app", "serve", "demo", "remote"} | VERBS,
}

# A power's name, as imported or as a dotted expression, and the packages that own it.
OWNER: dict[str, set[str]] = {
    "urllib3": {"fetch"},
    "httptools": {"fetch"},
    "requests": {"fetch"},
    "httpx": {"fetch"},
    "http.client": {"fetch"},
    "urllib.request": {"fetch"},
    "aiohttp": {"boot"},
    "fastapi": {"api", "compat", "web"},
    "starlette": {"api", "compat", "web"},
    "argon2": {"access"},
    "oauthlib": {"compat", "remote"},
    "python_multipart": {"compat"},
    "jinja2": {"web"},
    "prometheus_client": {"api"},
    "uvicorn": {"serve"},
    "h11": {"serve"},
    "ssl": {"boot", "fetch", "serve"},
    "socket": {"boot", "fetch", "serve"},
    "sqlalchemy": {"catalog"},
    "alembic": {"catalog"},
    "sqlite3": {"catalog"},
    "subprocess": {"tools"},
    "asyncio.create_subprocess_exec": {"tools"},
    "os.system": {"tools"},
    "os.execvp": {"tools"},
    "os.environ": {"settings", "tools"},
    "os.getenv": {"settings"},
    "tarfile": {"anatomy"},
    "gzip": {"anatomy"},
    "lzma": {"anatomy"},
    "zlib": {"anatomy"},
    "bz2": {"anatomy"},
    "isal": {"anatomy"},
    "zstandard": {"anatomy"},
    "lz4": {"anatomy"},
    "click": {"cli"},
    "rich": {"cli"},
    "print": {"cli"},
    "tenacity": {"fetch"},
    "datetime.now": {"core"},
    "datetime.datetime.now": {"core"},
    "time.time": {"core"},
    "time.monotonic": {"core"},
}

PURE = (
    "core/",
    "stream/",
    "anatomy/",
    "trust/clearsign.py",
    "trust/history.py",
    "trust/expiry.py",
    "trust/keyring.py",
    "sync/guard.py",
    "sync/plan.py",
    "sync/ranking.py",
    "sync/schedule.py",
    "sync/retention.py",
    "publish/dialect.py",
    "publish/dialects/",
    "publish/difference.py",
    "publish/tree.py",
    "mirrors/plan.py",
    "mirrors/catalogue.py",
    "build/recipe.py",
    "build/sources.py",
    "build/products.py",
    "retain/policy.py",
    "check/",
    "access/policy.py",
    "intake/naming.py",
    "compat/oauth.py",
    "compat/describe.py",
    "compat/multipart.py",
    "compat/shapes.py",
    "app/judging.py",
    "app/timetable.py",
    "bundle/ustar.py",
    "bundle/manifest.py",
    "bundle/contents.py",
    "boot/asked.py",
    "boot/ipxe.py",
    "boot/quick.py",
)
ACTING = {
    "os",
    "socket",
    "time",
    "random",
    "logging",
    "shutil",
    "tempfile",
    "subprocess",
    "pathlib",
    "secrets",
}
PURE_EXCEPTIONS = {("core/clock.py", "time")}  # it is the clock

LONG_FILES: dict[str, str] = {}  # path: why it may be over 600 lines

MODULES = sorted(SRC.rglob("*.py"))


def imports(tree: ast.AST, here: tuple[str, ...]) -> Iterator[str]:
    """
    Dotted names a module imports; lazy and type-only ones included, relative ones resolved.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                *(here[: -node.level] if node.level else ()),
                *(node.module.split(".") if node.module else ()),
            )
            yield from (".".join((*base, alias.name)) for alias in node.names)


def dotted(tree: ast.AST) -> Iterator[str]:
    """
    Dotted expressions and called names, as written: `os.environ`, `datetime.now`, `print`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            parts = [node.attr]
            inner: ast.expr = node.value
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield ".".join((inner.id, *reversed(parts)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def room_of(path: str) -> str:
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def faults(path: str, text: str) -> Iterator[str]:
    """
    Everything that a module of `tundish` (its path relative to the package) does against the tables.
    """
    tree, room = ast.parse(text), room_of(path)
    here = ("tundish", *Path(path).with_suffix("").parts)
    names = list(imports(tree, here))
    if room not in MAY_IMPORT:
        yield f"{path}: package {room} has no row in MAY_IMPORT"
        return
    ours = {name.split(".")[1] for name in names if name.startswith("tundish.")} - {"__version__"}
    for other in sorted(ours - MAY_IMPORT[room] - {room}):
        yield f"{path}: {room} may not import {other}"
    used = {*names, *dotted(tree)}
    for power, owners in OWNER.items():
        if room not in owners and any(name == power or name.startswith(power + ".") for name in used):
            yield f"{path}: {power} belongs to {' and '.join(sorted(owners))}"
    if path.startswith(PURE):
        for name in sorted({name.split(".")[0] for name in names} & ACTING):
            if (path, name) not in PURE_EXCEPTIONS:
                yield f"{path}: a pure module may not import {name}"
        if "open" in used:
            yield f"{path}: a pure module may not open files"
    if text.count("\n") > 600 and path not in LONG_FILES:
        yield f"{path}: over 600 lines without a reason in LONG_FILES"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_module_keeps_to_the_tables(path: Path) -> None:
    """
    No module of tundish breaks a rule of the three tables.
    """
    relative = path.relative_to(SRC / "tundish").as_posix()

    assert [] == list(faults(relative, path.read_text()))


def test_the_house_can_be_built_in_some_order() -> None:
    """
    The table of imports has no loop.
    """
    order = list(TopologicalSorter(MAY_IMPORT).static_order())

    assert set(MAY_IMPORT) == set(order)


@pytest.mark.parametrize(
    ("path", "text", "culprit"),
    [
        ("boot/x.py", "def f():\n    from tundish.catalog import db\n", "boot may not import catalog"),
        (
            "trust/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tundish.tools import gpg\n",
            "trust may not import tools",
        ),
        ("store/x.py", "from tundish.sync import plan\n", "store may not import sync"),
        ("store/x.py", "from ..sync import plan\n", "store may not import sync"),
        ("sync/x.py", "import urllib3\n", "urllib3 belongs to fetch"),
        ("store/x.py", "import os\nHOME = os.environ['HOME']\n", "os.environ belongs to settings"),
        (
            "sync/x.py",
            "from datetime import datetime\ndef f():\n    return datetime.now()\n",
            "datetime.now belongs to core",
        ),
        ("sync/plan.py", "import time\n", "a pure module may not import time"),
        ("stream/x.py", "def f():\n    open('x')\n", "a pure module may not open files"),
        ("nowhere/x.py", "", "package nowhere has no row"),
        ("core/x.py", "#\n" * 601, "over 600 lines"),
        ("sync/x.py", "def f():\n    print('x')\n", "print belongs to cli"),
    ],
)
def test_a_planted_fault_is_found_and_named(path: str, text: str, culprit: str) -> None:
    """
    Each kind of fault, planted in a module, is found and names the culprit.
    """
    assert any(culprit in fault for fault in faults(path, text))
