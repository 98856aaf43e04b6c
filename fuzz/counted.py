"""
Bytes as the file that a reader of disk images would open: every read is counted, and bounded.

A reader that asks for ever more, for too much at once, or without saying how much, has failed, however
short the file is: on a real disk the same reads would have cost memory and hours.
"""

import io

from fuzz.target import MIB, Failed


class Counted(io.BytesIO):
    """
    A seekable binary file. `reads` and `bytes_read` say what was asked of it so far.
    """

    def __init__(
        self, data: bytes, *, most_reads: int = 100_000, most_bytes: int = 64 * MIB, at_once: int = 16 * MIB
    ) -> None:
        super().__init__(data)
        self.reads = self.bytes_read = 0
        self._most_reads, self._most_bytes, self._at_once = most_reads, most_bytes, at_once

    def read(self, size: int | None = -1, /) -> bytes:
        self._asked(size)
        return self._came(super().read(size))

    def read1(self, size: int | None = -1, /) -> bytes:
        self._asked(size)
        return self._came(super().read1(size))

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _asked(self, size: int | None) -> None:
        self.reads += 1
        if size is None or size < 0:
            raise Failed("a read without a bound: say how much is wanted")
        if size > self._at_once:
            raise Failed(f"a read of {size} bytes at once; allowed are {self._at_once}")
        if self.reads > self._most_reads:
            raise Failed(f"over {self._most_reads} reads")

    def _came(self, data: bytes) -> bytes:
        self.bytes_read += len(data)
        if self.bytes_read > self._most_bytes:
            raise Failed(f"over {self._most_bytes} bytes were read of {len(self.getbuffer())}")
        return data
