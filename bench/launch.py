"""
Run one command and write down what it cost: python -I -S launch.py RESULT COMMAND...

A process of its own, because Linux counts the peak memory of whoever forks into that of the child: a
small launcher keeps the figure that of the program measured.
"""

import json
import os
import sys
import time


def main() -> int:
    result, *command = sys.argv[1:]
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - began
    with open(result, "w") as target:  # noqa: PTH123 - pathlib would double this process
        json.dump(
            {
                "code": os.waitstatus_to_exitcode(status),
                "wall": wall,
                "user": usage.ru_utime,
                "system": usage.ru_stime,
                "peak": usage.ru_maxrss * 1024,
            },
            target,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
