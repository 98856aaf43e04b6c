import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.images import Link, Tree, index_of
from tests.support.rpm_databases import Wanted, bdb_file, headers, ndb_file, need, sqlite_file
from tundish.anatomy.facts import Installed
from tundish.anatomy.installed import rpm
from tundish.core.errors import BadImage

LONG = "\n".join(f"line {number} of a long description" for number in range(2000))
WANTED = (Wanted("alpha"), Wanted("beta", "2.0~rc1", epoch="3"), Wanted("gamma", text=LONG))
EXPECTED = tuple(
    Installed(name, version, "noarch", name, "GPL-2.0-or-later", "Test House")
    for name, version in (("alpha", "1.2-3.el9"), ("beta", "3:2.0~rc1-3.el9"), ("gamma", "1.2-3.el9"))
)
PLACES = {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db", "bdb": "Packages"}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("rpm")
    sqlite = sqlite_file(folder, *WANTED)
    blobs = headers(folder / "db/rpmdb.sqlite")
    return {"sqlite": sqlite, "ndb": ndb_file(blobs), "bdb": bdb_file(folder / "bdb", blobs)}


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_of_database_tells_its_packages(databases: dict[str, bytes], kind: str) -> None:
    """
    Name, epoch, version, release, source, licence and vendor are read from each kind of database.
    """
    index = index_of({f"var/lib/rpm/{PLACES[kind]}": databases[kind]})

    assert EXPECTED == rpm.read(index)


def test_rpm_reads_the_same_from_a_berkeley_database(databases: dict[str, bytes], tmp_path: Path) -> None:
    """
    The Berkeley database of these tests is one that rpm itself reads, so it is no dream of ours.
    """
    need("rpm")
    (tmp_path / "Packages").write_bytes(databases["bdb"])
    ask = ("rpm", "--dbpath", str(tmp_path), "--define", "_db_backend bdb_ro", "-qa", "--qf", "%{name} ")
    said = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.split()

    assert [package.name for package in EXPECTED] == sorted(said)


def test_the_link_from_the_old_place_is_followed(databases: dict[str, bytes]) -> None:
    """
    A database below /usr with a link from /var is found once.
    """
    tree: Tree = {
        "usr/lib/sysimage/rpm/Packages.db": databases["ndb"],
        "var/lib/rpm": Link("../../usr/lib/sysimage/rpm"),
    }

    assert EXPECTED == rpm.read(index_of(tree))


def test_an_empty_leftover_does_not_hide_the_database(databases: dict[str, bytes]) -> None:
    """
    An empty file of a newer kind does not count as the database.
    """
    index = index_of({"var/lib/rpm/rpmdb.sqlite": b"", "var/lib/rpm/Packages": databases["bdb"]})

    assert EXPECTED == rpm.read(index)


def test_no_database_is_no_packages() -> None:
    """
    Without a database nothing is installed, and nothing is wrong.
    """
    assert rpm.read(index_of({"etc/hostname": "x"})) == ()


@pytest.mark.parametrize("kind", PLACES)
def test_a_database_of_other_bytes_is_named(kind: str) -> None:
    """
    A file that is no database is an error that names it.
    """
    index = index_of({f"var/lib/rpm/{PLACES[kind]}": b"something else" * 100})

    with pytest.raises(BadImage, match=f"var/lib/rpm/{PLACES[kind]}: not a"):
        rpm.read(index)


@pytest.mark.parametrize("kind", PLACES)
@settings(max_examples=50, deadline=2000)
@given(data=st.data())
def test_damage_is_answered_with_one_error(
    databases: dict[str, bytes], kind: str, data: st.DataObject
) -> None:
    """
    Whatever bytes are turned or cut off, packages come, or BadImage.
    """
    good = databases[kind]
    spoiled = bytearray(good[: data.draw(st.integers(0, len(good))) or len(good)])
    for _ in range(data.draw(st.integers(0, 12))):
        if spoiled:
            spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = rpm.read(index_of({f"var/lib/rpm/{PLACES[kind]}": bytes(spoiled)}))
    except BadImage:
        found = ()

    assert all(package.name for package in found)
