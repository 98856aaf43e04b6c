"""
The trees of btrfs: items by key, read leaf after leaf or looked up.

Keys grow from item to item through the whole tree, which is checked: so no tree leads in a circle.
"""

import struct
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tundish.anatomy.filesystem.btrfs_super import Chunks
from tundish.core.errors import BadImage

Key = tuple[int, int, int]  # object, kind, offset
INODE, XATTR, LOOKUP, NAME, EXTENT, ROOT, SUBVOLUME, CHUNK = 1, 24, 84, 96, 108, 132, 156, 228

_HEAD, _ROW, _POINTER = 101, struct.Struct("<QBQII"), struct.Struct("<QBQQQ")
_MAX_LEVEL = 7
_KEPT = 256  # nodes
_FIRST: Key = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class Tree:
    """
    Where a tree begins. `id` is its number among the trees.
    """

    id: int
    address: int
    level: int


@dataclass(frozen=True, slots=True)
class _Node:
    level: int
    raw: bytes
    keys: tuple[Key, ...]
    places: tuple[int, ...]  # of the data of items, or the addresses of the nodes below
    sizes: tuple[int, ...]


class Trees:
    """
    The nodes of all trees.
    """

    def __init__(self, chunks: Chunks, node: int, name: str, budget: int) -> None:
        self.chunks, self.name = chunks, name
        self._size, self._left = node, budget
        self._nodes: OrderedDict[int, _Node] = OrderedDict()

    def items(self, tree: Tree) -> Iterator[tuple[int, int, int, bytes]]:
        """
        All items of a tree in order: the key and the data.

        Raises:
            BadImage: the tree is damaged, or more is read than there can be.
        """
        last = _FIRST
        todo = [(tree.address, tree.level)]
        while todo:
            address, level = todo.pop()
            self._left -= self._size
            if self._left < 0:
                raise BadImage(f"{self.name}: its trees hold more than the volume")
            node = self._parsed(address, level, tree)
            if level:
                todo.extend((below, level - 1) for below in reversed(node.places))
                continue
            if not node.keys and address == tree.address:
                return
            if not node.keys or node.keys[0] <= last:
                raise self._damaged(tree)
            last = node.keys[-1]
            for key, place, size in zip(node.keys, node.places, node.sizes, strict=True):
                yield (*key, node.raw[place : place + size])

    def of(self, tree: Tree, owner: int, kind: int) -> Iterator[tuple[int, bytes]]:
        """
        The items of one object and kind: offset and data.

        Raises:
            BadImage: the tree is damaged.
        """
        wanted: Key | None = (owner, kind, 0)
        while wanted is not None:
            node, wanted = self._leaf(tree, wanted)
            start = bisect_left(node.keys, (owner, kind, 0))
            for row in range(start, len(node.keys)):
                if node.keys[row][:2] != (owner, kind):
                    return
                yield node.keys[row][2], node.raw[node.places[row] : node.places[row] + node.sizes[row]]
            if wanted is not None and wanted[:2] > (owner, kind):
                return

    def _leaf(self, tree: Tree, wanted: Key) -> tuple[_Node, Key | None]:
        """
        The leaf where a key is or would be, and the first key of the next leaf.
        """
        address, following = tree.address, None
        for level in range(tree.level, 0, -1):
            node = self._node(address, level, tree)
            row = max(0, bisect_right(node.keys, wanted) - 1)
            if row + 1 < len(node.keys):
                if node.keys[row + 1] <= wanted:
                    raise self._damaged(tree)
                following = node.keys[row + 1]
            address = node.places[row]
        return self._node(address, 0, tree), following

    def _node(self, address: int, level: int, tree: Tree) -> _Node:
        found = self._nodes.get(address)
        if found is None or found.level != level:
            found = self._parsed(address, level, tree)
            self._nodes[address] = found
            if len(self._nodes) > _KEPT:
                self._nodes.popitem(last=False)
        return found

    def _parsed(self, address: int, level: int, tree: Tree) -> _Node:
        raw = self.chunks.read(address, self._size, f"a node of tree {tree.id}")
        count, found = int.from_bytes(raw[96:100], "little"), raw[100]
        width = _POINTER.size if level else _ROW.size
        whole = _HEAD + count * width <= len(raw)
        here = int.from_bytes(raw[48:56], "little") == address
        if not (whole and here and found == level <= _MAX_LEVEL) or (level and not count):
            raise self._damaged(tree)
        rows = raw[_HEAD : _HEAD + count * width]
        if level:
            pointers = list(_POINTER.iter_unpack(rows))
            node = _Node(
                level, raw, tuple(row[:3] for row in pointers), tuple(row[3] for row in pointers), ()
            )
        else:
            node = self._with_data(raw, list(_ROW.iter_unpack(rows)), tree)
        if any(one >= other for one, other in pairwise(node.keys)):
            raise self._damaged(tree)
        return node

    def _with_data(self, raw: bytes, rows: list[tuple[int, int, int, int, int]], tree: Tree) -> _Node:
        places = tuple(_HEAD + row[3] for row in rows)
        sizes = tuple(row[4] for row in rows)
        if any(place + size > len(raw) for place, size in zip(places, sizes, strict=True)):
            raise self._damaged(tree)
        return _Node(0, raw, tuple(row[:3] for row in rows), places, sizes)

    def _damaged(self, tree: Tree) -> BadImage:
        return BadImage(f"{self.name}: tree {tree.id} is damaged")
