import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.images import index_of
from tests.support.systems import SYSTEMS
from tundish.anatomy.index import Kind


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """
    A tarball of a good Debian.
    """
    root, path = index_of(SYSTEMS["debian"].tree()), tmp_path / "debian12.tar.gz"
    kinds = {Kind.FOLDER: tarfile.DIRTYPE, Kind.LINK: tarfile.SYMTYPE}
    with tarfile.open(path, "w:gz") as tar:
        for entry in root:
            member = tarfile.TarInfo(f"./{entry.path}")
            member.type, member.mode, member.linkname = (
                kinds.get(entry.kind, tarfile.REGTYPE),
                entry.mode,
                entry.target,
            )
            member.mtime = 1764000000
            data = root.read(entry.path) if entry.kind is Kind.FILE else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_inspect_tells_a_person_what_is_inside(terminal: Terminal, debian: Path) -> None:
    """
    System, packages and default user of a tarball stand on standard output, and no state is made.
    """
    said = terminal("image", "inspect", debian)
    lines = said.out.splitlines()

    assert (0, True, True, False) == (
        said.code,
        "system      Debian GNU/Linux 12 (bookworm)" in lines,
        "logs in as  debian" in lines,
        terminal.state.exists(),
    )


def test_inspect_answers_programs_with_all_facts(terminal: Terminal, debian: Path) -> None:
    """
    With --json every fact is there under its name.
    """
    said = json.loads(terminal("image", "inspect", debian, "--json").out)

    assert ("debian", "tar", "gzip", "dpkg", 32) == (
        said["os"]["id"],
        said["form"],
        said["compression"],
        said["package_system"],
        len(said["packages"]),
    )


@pytest.mark.parametrize(("form", "key"), [("cyclonedx", "bomFormat"), ("spdx", "spdxVersion")])
def test_a_bill_goes_to_a_file_or_to_standard_output_alike(
    terminal: Terminal, debian: Path, tmp_path: Path, form: str, key: str
) -> None:
    """
    Both ways write the very same document, and it is of the form that was asked for.
    """
    terminal("image", "sbom", debian, "--format", form, "-o", tmp_path / "bill.json")
    written = (tmp_path / "bill.json").read_text()

    assert (written, True) == (
        terminal("image", "sbom", debian, "--format", form).out,
        key in json.loads(written),
    )


def test_the_answer_for_programs_names_the_file_of_a_bill(
    terminal: Terminal, debian: Path, tmp_path: Path
) -> None:
    """
    With --json a written bill is told with its file, form and size.
    """
    out = tmp_path / "bill.json"
    said = terminal("image", "sbom", debian, "-o", out, "--json").answer

    assert {"file": str(out), "format": "cyclonedx", "bytes": out.stat().st_size} == said


def test_a_bill_cannot_be_written_where_there_is_no_folder(
    terminal: Terminal, debian: Path, tmp_path: Path
) -> None:
    """
    The error names the file, and ends as a wrong request.
    """
    said = terminal("image", "sbom", debian, "-o", tmp_path / "none" / "bill.json")

    assert (2, True) == (said.code, "bill.json cannot be written: No such file" in said.err)


def test_the_manifest_is_one_package_a_line(terminal: Terminal, debian: Path) -> None:
    """
    Text and JSON tell the same packages.
    """
    text = terminal("image", "manifest", debian).out
    answer = json.loads(terminal("image", "manifest", debian, "--json").out)

    assert text == "".join(f"{one['package']}\t{one['version']}\n" for one in answer)


def test_an_image_of_the_catalog_is_looked_into_by_its_name(stocked: Terminal) -> None:
    """
    A synced image is found through the store.
    """
    assert 0 == stocked("image", "inspect", "ubuntu/noble/amd64").code


def test_what_is_neither_a_file_nor_an_image_is_not_found(terminal: Terminal) -> None:
    """
    The error says what would be looked into.
    """
    said = terminal("image", "inspect", "nothing.tar")

    assert (4, True) == (said.code, "nothing.tar is no file" in said.err)


def test_an_image_without_packages_has_no_manifest(terminal: Terminal, tmp_path: Path) -> None:
    """
    Of a folder without a package database there is nothing to list, and the exit code says so.
    """
    (tmp_path / "root").mkdir()

    assert 4 == terminal("image", "manifest", tmp_path / "root").code
