"""
Tars that nobody should have made: what is remarked, what is left out, what ends the reading.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tars import END, Raw, extended, listing_of, member, record, tar_of
from tundish.anatomy.index import Kind, Remark, Trait
from tundish.core.digest import Digest
from tundish.core.errors import BadImage

FOLDER, LINK, HARD = b"5", b"2", b"1"


@pytest.mark.parametrize(
    ("members", "remark"),
    [
        ((Raw(b"/etc/x"),), Remark(Trait.ABSOLUTE, "etc/x")),
        ((Raw(b"a/../../x"),), Remark(Trait.UPWARDS, "a/../../x")),
        ((Raw(b"x"), Raw(b"./x")), Remark(Trait.DUPLICATE, "x")),
        ((Raw(b"x"), Raw(b"x", kind=FOLDER)), Remark(Trait.CLASH, "x", "a file, then a folder")),
        (
            (Raw(b"a/b"), Raw(b"a", kind=LINK, target=b"c")),
            Remark(Trait.CLASH, "a", "a folder with something in it, then a link"),
        ),
        ((Raw(b"a"), Raw(b"a/b/c")), Remark(Trait.CLASH, "a/b/c", "below a, which is a file")),
        ((Raw(b"."),), Remark(Trait.CLASH, "", "a folder with something in it, then a file")),
        ((Raw(b"x", kind=HARD, target=b"y"),), Remark(Trait.DANGLING, "x", "a hard link to y")),
        (
            (Raw(b"x", kind=HARD, target=b"../y"),),
            Remark(Trait.DANGLING, "x", "a hard link to ../y"),
        ),
        (
            (Raw(b"bin", kind=LINK, target=b"usr/bin"), Raw(b"bin/ls")),
            Remark(Trait.THROUGH_LINK, "bin/ls", "lands at usr/bin/ls"),
        ),
        ((Raw(b"x", kind=b"M"),), Remark(Trait.UNSUPPORTED, "x", "a member of unknown type")),
        (
            (extended(path=b"a\0b"), Raw(b"x")),
            Remark(Trait.UNREADABLE, "a\0b", "no path, or one that is too long"),
        ),
    ],
)
def test_what_is_odd_is_remarked(members: tuple[Raw | bytes, ...], remark: Remark) -> None:
    """
    Each oddity is one remark, and the reading goes on.
    """
    listing = listing_of(tar_of(*members, Raw(b"last", b"after it")))

    assert ((remark,), b"after it", "") == (
        listing.index.remarks,
        listing.index.read("last"),
        listing.fault,
    )


def test_the_later_of_two_members_holds() -> None:
    """
    A path that comes twice has the content of its second coming.
    """
    listing = listing_of(tar_of(Raw(b"x", b"first"), Raw(b"x", b"second")))

    assert b"second" == listing.index.read("x")


def test_a_file_lives_on_under_its_other_names() -> None:
    """
    When the first name of a file is given to another, its further names keep the content.
    """
    index = listing_of(
        tar_of(
            Raw(b"a", b"old"),
            Raw(b"b", kind=HARD, target=b"a"),
            Raw(b"c", kind=HARD, target=b"b"),
            Raw(b"a", b"new"),
        )
    ).index

    assert (b"new", b"old", b"old") == tuple(index.read(name) for name in "abc")


@pytest.mark.parametrize("targets", [(b"../../../etc", b"/etc"), (b"b", b"a"), (b"./" * 40, b"a/" * 40)])
def test_no_link_leads_out_or_in_circles(targets: tuple[bytes, bytes]) -> None:
    """
    Members below links land inside, or stay where they are named.
    """
    first, second = targets
    listing = listing_of(
        tar_of(
            Raw(b"a", kind=LINK, target=first), Raw(b"b", kind=LINK, target=second), Raw(b"a/x"), Raw(b"b/x")
        )
    )

    assert ("", False) == (listing.fault, any(".." in entry.path for entry in listing.index))


@pytest.mark.parametrize(
    ("spoiled", "fault"),
    [
        (Raw(b"x", number=b"\xff" * 12), "holds the number -1"),
        (Raw(b"x", number=b"\x80" + b"\xff" * 11), "holds the number"),
        (Raw(b"x", number=b"0x123456789\0"), "instead of a number"),
        (Raw(b"x", number=b"99999999999\0"), "holds"),
        (Raw(b"x", stated=2**32), "ends in the middle of x"),
        (member(Raw(b"x"))[:148] + b"0000001\0" + member(Raw(b"x"))[156:], "has no header at 512"),
        (Raw(b"x", b"12345 a=b\n", b"x"), "has no record at its byte 0"),
        (Raw(b"x", b"-1 a=b\n", b"x"), "has no record at its byte 0"),
        (Raw(b"x", b"6 abc\n", b"x"), "has no record at its byte 0"),
        (Raw(b"x", kind=b"x", stated=2**31), "is longer than"),
        (Raw(b"x", kind=b"L", stated=2**31), "is longer than"),
        (extended(size=b"-5"), "is -5"),
        (extended(size=b"9" * 30), "which is no number"),
        (extended(GNU__sparse__map=b"0,5,3,5", GNU__sparse__size=b"99"), "leads back or out"),
        (extended(GNU__sparse__map=b"0,100", GNU__sparse__size=b"99"), "leads back or out"),
        (extended(GNU__sparse__map=b"0,50", GNU__sparse__size=b"99"), "does not fit what is stored"),
        (extended(GNU__sparse__map=b"0,x", GNU__sparse__size=b"99"), "holds b'x'"),
        (extended(GNU__sparse__major=b"1", GNU__sparse__realsize=b"99"), "longer than the file"),
    ],
)
def test_what_makes_no_sense_ends_the_reading(spoiled: Raw | bytes, fault: str) -> None:
    """
    A header that cannot be gone on from is the fault; what came before it stays.
    """
    listing = listing_of(tar_of(Raw(b"first"), spoiled, Raw(b"behind")))

    assert (True, True) == ("first" in listing.index, fault in listing.fault)


def test_the_map_of_a_file_with_holes_may_not_announce_more_than_there_is() -> None:
    """
    A map of a billion parts is refused before anything is made of it.
    """
    head = extended(GNU__sparse__major=b"1", GNU__sparse__realsize=b"99")
    listing = listing_of(tar_of(Raw(b"first"), head, Raw(b"x", b"1000000000\n" + bytes(1000))))

    assert "more than 250000 parts" in listing.fault


def test_a_file_that_ends_too_early_is_left_out() -> None:
    """
    Of a tar cut within a file, that file is remarked and not listed.
    """
    whole = tar_of(Raw(b"first", b"1"), Raw(b"second", bytes(5000)))
    listing = listing_of(whole[:3000])

    assert (["first"], "the tar ends in the middle of second, after 3000 bytes", Trait.UNREADABLE) == (
        [entry.path for entry in listing.index],
        listing.fault,
        listing.index.remarks[0].trait,
    )


def test_a_tar_without_its_end_is_whole() -> None:
    """
    Where the blocks of zeros at the end are missing, nothing is lost, as for GNU tar.
    """
    listing = listing_of(tar_of(Raw(b"x", b"1"))[: -len(END)])

    assert ("", b"1") == (listing.fault, listing.index.read("x"))


def test_garbage_after_the_end_is_counted() -> None:
    """
    What stands behind the end is counted and not read.
    """
    listing = listing_of(tar_of(Raw(b"x")) + b"garbage")

    assert (7, False, "") == (listing.after, listing.again, listing.fault)


def test_what_is_no_tar_at_all_has_no_members() -> None:
    """
    Without a first header there is nothing to list, and the fault says so.
    """
    listing = listing_of(b"no tar" * 500)

    assert (0, "the tar has no header at 0, where one should be") == (listing.members, listing.fault)


def test_binary_numbers_are_read() -> None:
    """
    An owner and a size beyond octal digits are binary.
    """
    listing = listing_of(tar_of(Raw(b"x", b"abc", number=b"\x80" + (3).to_bytes(11, "big"))))

    assert b"abc" == listing.index.read("x")


def test_what_an_extended_header_says_comes_first() -> None:
    """
    Path, size, owner and time of an extended header replace those of the header, for one member only.
    """
    index = listing_of(
        tar_of(
            extended(path=b"long", size=b"3", uid=b"70000", gid=b"80000", mtime=b"-1.5"),
            Raw(b"short", b"abc", stated=0),
            Raw(b"next", b"de"),
        )
    ).index

    found = index.get("long")
    assert (70000, 80000, -2, 3, b"de") == (
        found and found.uid,
        found and found.gid,
        found and found.mtime,
        found and found.size,
        index.read("next"),
    )


def test_a_global_header_holds_until_the_next() -> None:
    """
    Records of a global header count for every member behind it.
    """
    head = member(Raw(b"g", record("uid", b"1234"), b"g"))
    index = listing_of(tar_of(Raw(b"a"), head, Raw(b"b"), Raw(b"c"))).index

    assert [0, 1234, 1234] == [entry.uid for entry in index]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("SCHILY.xattr.user.a", b"\0\1", ("user.a", b"\0\1")),
        ("SCHILY.xattr.user.a%3Db", b"x", ("user.a=b", b"x")),
        ("LIBARCHIVE.xattr.user.a%20b", b"AAE", ("user.a b", b"\0\1")),
        (
            "RHT.security.selinux",
            b"system_u:object_r:etc_t:s0\0",
            ("security.selinux", b"system_u:object_r:etc_t:s0"),
        ),
    ],
)
def test_attributes_of_every_key_are_read(key: str, value: bytes, expected: tuple[str, bytes]) -> None:
    """
    The attributes of GNU tar, libarchive and of SELinux are binary values under their own names.
    """
    head = member(Raw(b"h", record(key, value), b"x"))
    found = listing_of(tar_of(head, Raw(b"x"))).index.get("x")

    assert (expected,) == (found and found.xattrs)


@pytest.mark.parametrize("piece", [1, 511, 512, 513, 100_000])
def test_the_pieces_it_comes_in_do_not_matter(piece: int) -> None:
    """
    A tar in pieces of any length is the same.
    """
    data = random.Random(3).randbytes(3000)  # no secret
    found = listing_of(tar_of(Raw(b"x", data), Raw(b"y", kind=FOLDER)), piece).index

    assert (Digest.of(data), Kind.FOLDER) == (
        (x := found.get("x")) and x.digest,
        (y := found.get("y")) and y.kind,
    )


WHOLE = tar_of(
    Raw(b"./", kind=FOLDER, mode=0o755),
    Raw(b"etc/", kind=FOLDER, mode=0o755),
    extended(path=b"etc/hostname", SCHILY__xattr__user__a=b"b"),
    Raw(b"etc/h", b"name\n" * 200),
    Raw(b"bin", kind=LINK, target=b"usr/bin"),
    extended(GNU__sparse__map=b"100,50", GNU__sparse__size=b"9999", GNU__sparse__name=b"holes"),
    Raw(b"h", b"x" * 50),
    Raw(b"etc/other", kind=HARD, target=b"etc/hostname"),
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_damage_ends_in_a_listing_or_in_one_error(data: st.DataObject) -> None:
    """
    A tar cut and changed anywhere is listed as far as it goes, or refused; what is listed can be read.
    """
    tar = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(tar) - 1))
        tar[at] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):  # let the checksum fit, so that what follows it is read
            begin = at // 512 * 512
            tar[begin + 148 : begin + 156] = b" " * 8
            tar[begin + 148 : begin + 156] = b"%06o\0 " % sum(tar[begin : begin + 512])
    tar = tar[: data.draw(st.integers(0, len(tar)))]
    try:
        index = listing_of(bytes(tar)).index
    except BadImage:
        index = listing_of(WHOLE).index

    assert all(
        len(index.read(one.path)) == one.size for one in index if one.kind is Kind.FILE and one.size < 2**24
    )
