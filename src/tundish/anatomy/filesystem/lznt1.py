"""
LZNT1, with which NTFS packs: chunks of 4 KiB, in each of which a match looks back no further than its begin.
"""

from tundish.core.errors import BadImage

CHUNK = 4096


def unpacked(data: bytes, size: int, subject: str) -> bytes:
    """
    The bytes of a unit, at most so many; what a unit does not have is zeros.

    Raises:
        BadImage: a chunk leads beyond the end, or looks back too far.
    """
    out, at = bytearray(), 0
    while at + 2 <= len(data) and len(out) < size:
        head = int.from_bytes(data[at : at + 2], "little")
        if not head:
            break
        length = (head & 0xFFF) + 1
        chunk = data[at + 2 : at + 2 + length]
        if len(chunk) != length:
            raise BadImage(f"{subject}: a packed chunk of {length} bytes leads beyond the end")
        out += (_chunk(chunk, subject) if head & 0x8000 else chunk).ljust(CHUNK, b"\0")
        at += 2 + length
    return bytes(out[:size]).ljust(size, b"\0")


def _chunk(data: bytes, subject: str) -> bytes:
    out, at = bytearray(), 0
    while at < len(data):
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            token = int.from_bytes(data[at : at + 2], "little")
            at += 2
            width = max(4, (len(out) - 1).bit_length())
            length, back = (token & (0xFFFF >> width)) + 3, (token >> (16 - width)) + 1
            if back > len(out) or len(out) + length > CHUNK:
                raise BadImage(f"{subject}: a match of {length} bytes, {back} back, leads out of its chunk")
            _repeat(out, back, length)
        if len(out) > CHUNK:
            raise BadImage(f"{subject}: a packed chunk has more than {CHUNK} bytes")
    return bytes(out)


def _repeat(out: bytearray, back: int, length: int) -> None:
    piece = bytes(out[-back:][:length])
    out += (piece * (length // len(piece) + 1))[:length]
