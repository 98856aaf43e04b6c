"""
Whether the log of XFS was written back: its last record then says that the filesystem was unmounted.

Each block of the log bears the number of the round in which it was written, so its end is found by halving.
"""

from tundish.anatomy.filesystem.xfs_super import Super
from tundish.anatomy.readable import Readable, exactly

_BLOCK = 512
_MAGIC = b"\xfe\xed\xba\xbe"
_PER_HEAD = 32 * 1024  # bytes of a record for each block of its header
_LONGEST = 300 * 1024 // _BLOCK  # blocks of a record, with its header
_LENGTH_AT, _COUNT_AT, _SIZE_AT = 12, 40, 320
_FLAGS_AT, _UNMOUNTED = 9, 0x20
DIRTY = "needs recovery: its log was not written back"


def state_of(readable: Readable, layout: Super, name: str) -> str:
    """
    "clean", or why an installer might not mount it.

    Raises:
        BadImage: the log is beyond the end.
    """
    if not layout.log:
        return "has its log on another device"
    at = layout.block_at(layout.log)
    count = layout.log_blocks * layout.block // _BLOCK
    if at is None or not count:
        return "has no log where it should be"
    exactly(readable, at + (count - 1) * _BLOCK, _BLOCK, f"{name}: the log of XFS")
    log = _Log(readable, at, count)
    return "clean" if log.is_clean() else DIRTY


class _Log:
    def __init__(self, readable: Readable, at: int, count: int) -> None:
        self._readable, self._at, self._count = readable, at, count

    def is_clean(self) -> bool:
        if not self._round(0):
            return True  # never written
        end = self._end()
        for back in range(1, min(_LONGEST, self._count)):
            start = (end - back) % self._count
            block = self._block(start)
            if block[:4] == _MAGIC:
                return self._says_unmounted(start, block, back)
        return False

    def _end(self) -> int:
        """
        The first block that was not written in the round of block 0.
        """
        first, low, high = self._round(0), 0, self._count
        while high - low > 1:
            middle = (low + high) // 2
            if self._round(middle) == first:
                low = middle
            else:
                high = middle
        return high % self._count

    def _says_unmounted(self, start: int, head: bytes, length: int) -> bool:
        size = int.from_bytes(head[_LENGTH_AT : _LENGTH_AT + 4], "big")
        heads = max(1, -(-int.from_bytes(head[_SIZE_AT : _SIZE_AT + 4], "big") // _PER_HEAD))
        heads = heads if head[11] == 2 else 1  # only version 2 has more than one
        data = self._block((start + heads) % self._count)
        ends_there = heads + -(-size // _BLOCK) == length
        alone = int.from_bytes(head[_COUNT_AT : _COUNT_AT + 4], "big") == 1
        return ends_there and alone and bool(data[_FLAGS_AT] & _UNMOUNTED)

    def _round(self, number: int) -> int:
        block = self._block(number)
        return int.from_bytes(block[4:8] if block[:4] == _MAGIC else block[:4], "big")

    def _block(self, number: int) -> bytes:
        return self._readable.read_at(self._at + number * _BLOCK, _BLOCK).ljust(_BLOCK, b"\0")
