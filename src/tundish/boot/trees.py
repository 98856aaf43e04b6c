"""
Published streams as folders: `<root>/<channel>/<path>`.

A channel may be a link to a release inside the root, for that is how a channel is moved. Below it no
link is ever followed and nothing but a regular file is ever found.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import NotFound
from tundish.core.names import channel_name, item_path


@dataclass(frozen=True, slots=True)
class FolderTrees:
    """
    The channels below one folder. The folder need not exist yet.
    """

    root: Path

    def path_of(self, channel: str, path: str) -> Path:
        """
        The file behind a path of a published stream.

        Raises:
            NotFound: no such channel or file.
            InvalidName: the channel or path is not of its form.
        """
        channel, path = channel_name(channel), item_path(path)
        top = Path(os.path.realpath(self.root / channel))
        root = Path(os.path.realpath(self.root))
        if root not in top.parents or not top.is_dir():
            raise NotFound(f"no channel {channel!r} is published here; publish one: tundish publish")
        file = top / path
        if os.path.realpath(file) != str(file) or not _is_regular(file):
            raise NotFound(f"channel {channel!r} has no file {path!r}; the stream index names those it has")
        return file


def _is_regular(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False
