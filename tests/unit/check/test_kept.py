"""
What facts and rules read of an image is kept in memory while it passes, so that one reading is enough.
"""

from collections.abc import Iterator

import pytest

from tests.support.images import Contents, Tree, index_of
from tests.support.systems import SYSTEMS, subject
from tundish.anatomy.image import Form, Image
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.inspect import facts_of
from tundish.anatomy.keeping import worth_keeping
from tundish.check.rule import ask
from tundish.check.rulebook import rulebook
from tundish.check.subject import Subject

_ALSO: Tree = {
    "etc/apt/apt.conf.d/x": "",
    "etc/ssh/sshd_config.d/x.conf": "",
    "etc/sudoers.d/x": "",
    "usr/lib/sysctl.d/x.conf": "",
    "usr/bin/ping": "x",
    "usr/lib/python3/dist-packages/cloudinit/sources/DataSourceSmartOS.py": "",
    "var/cache/debconf/config.dat": "",
}


class _Noting:
    """
    Contents that note which files are asked for that were not kept.
    """

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.asked: set[str] = set()

    def stream(self, entry: Entry) -> Iterator[bytes]:
        if not worth_keeping(entry):
            self.asked.add(entry.path)
        return self._contents.stream(entry)


def _not_kept(name: str, more: Tree) -> set[str]:
    tree = {**SYSTEMS[name].tree(), **more}
    made, plain = subject(name, more), index_of(tree)
    files = {entry.path: plain.read(entry.path) for entry in plain if entry.kind is Kind.FILE}
    noting = _Noting(Contents(files))
    root = Index("image", plain, noting)
    facts_of(root)
    image = Image("image", made.image.wrapping, Form.TAR, root)
    for rule in rulebook():
        list(ask(rule, Subject(image, made.facts, made.request, made.target)))
    return noting.asked


@pytest.mark.parametrize("name", SYSTEMS)
def test_one_reading_is_enough(name: str) -> None:
    """
    No fact and no rule asks for a file that a reader would have to look for again.
    """
    assert set() == _not_kept(name, _ALSO)
