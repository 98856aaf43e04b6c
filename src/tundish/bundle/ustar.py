"""
The frame of a bundle: a plain tar, so that any tool can open one.

Headers are made and never read: whoever checks a bundle makes the header that has to stand there and
compares. So there is no parser for a hostile header to be hostile to.
"""

BLOCK = 512  # bytes
END = bytes(2 * BLOCK)
MAX_NAME = 100  # bytes; all our names are shorter

_OCTAL = 8**11  # the first size that eleven octal digits do not hold


def header(name: str, size: int) -> bytes:
    """
    The one header that a file of this name and length has (POSIX ustar; base-256 from 8 GiB on).
    """
    length = b"%011o\0" % size if size < _OCTAL else b"\x80" + size.to_bytes(11, "big")
    fields = (
        name.encode("ascii").ljust(MAX_NAME, b"\0"),
        b"0000644\0",  # mode
        b"0000000\0" * 2,  # owner and group
        length,
        b"%011o\0" % 0,  # time of last change
        b" " * 8,  # the checksum is summed as blanks
        b"0",  # a plain file
        bytes(100),  # no link
        b"ustar\00000",
        bytes(64),  # names of owner and group
        b"0000000\0" * 2,  # no device
        bytes(155 + 12),  # no prefix
    )
    blank = b"".join(fields)
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def size_in(found: bytes, name: str) -> int | None:
    """
    The length that a header of ours gives to the file of this name; None if it is any other header.
    """
    digits = found[124:135]
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        return None
    size = int(digits, 8)
    return size if found == header(name, size) else None


def padding(size: int) -> int:
    """
    Bytes that follow a file of this length up to the next header.
    """
    return -size % BLOCK
