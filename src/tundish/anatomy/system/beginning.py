"""
The first bytes of a file, for what can be told from them.
"""

from collections.abc import Generator

from tundish.anatomy.index import Index


def beginning(index: Index, path: str, length: int) -> bytes:
    """
    At most so many bytes from the start of a file, links followed; nothing if there is no such file.

    Raises:
        BadImage: the image is damaged there.
    """
    if not index.is_file(path):
        return b""
    pieces, found = list[bytes](), 0
    stream = index.stream(path)
    for piece in stream:
        pieces.append(piece)
        found += len(piece)
        if found >= length:
            break
    if isinstance(stream, Generator):
        stream.close()
    return b"".join(pieces)[:length]
