"""
How often somebody may ask: a bucket of tokens each, that fills at a steady rate. Pure; bounded in memory.

Who is not remembered has a full bucket, so those that are full, or were used longest ago, can be forgotten.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

MOST = 20_000  # askers that are remembered; each takes some 300 bytes
_ROUNDING = 1e-6
BURST = 10.0  # seconds of the rate that may be asked at once


@dataclass(slots=True)
class Pace:
    """
    At most `rate` requests per second each, on average; 0: any number. For one thread.
    """

    rate: float
    most: int = MOST
    refused: int = 0
    _full_at: OrderedDict[str, float] = field(default_factory=OrderedDict)  # when each bucket is full again

    def wait(self, asker: str, now: float) -> float:
        """
        Seconds until this asker may ask again; 0: now, which is counted.
        """
        if not self.rate:
            return 0.0
        full_at = max(self._full_at.get(asker, now), now) + 1 / self.rate
        late = full_at - now - BURST
        if late > _ROUNDING:
            self.refused += 1
            return late
        self._full_at[asker] = full_at
        self._full_at.move_to_end(asker)
        if len(self._full_at) > self.most:
            self._full_at.popitem(last=False)
        return 0.0
