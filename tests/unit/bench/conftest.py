from pathlib import Path

import pytest
from bench.clients import Offer
from bench.key import throw_away_key
from bench.stream import Shape, write

SMALL = Shape(products=4, versions=2, item_size=64, keep=2)


@pytest.fixture(scope="session")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A small stream, below a path with a space in it.
    """
    root = tmp_path_factory.mktemp("a stream") / "stream"
    root.mkdir()
    with throw_away_key() as key:
        root.with_name("keyring.gpg").write_bytes(key.keyring())
        write(root, SMALL, key.clearsign)
    return root


@pytest.fixture
def offer(stream: Path) -> Offer:
    return Offer(str(stream), stream.with_name("keyring.gpg"), SMALL, stream)
