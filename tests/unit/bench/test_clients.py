import shutil
from pathlib import Path

import pytest
from bench.clients import Client, Curl, Offer, Reference, Tundish, prove_held
from bench.measure import RunFailed, measured
from bench.server import served


@pytest.mark.parametrize("client", [Reference(), Curl(4)], ids=["reference", "curl"])
def test_a_client_holds_the_whole_stream_afterwards(
    client: Client, stream: Path, offer: Offer, tmp_path: Path
) -> None:
    """
    What nginx serves, the client has, at paths with a space in them.
    """
    target = tmp_path / "a target"
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        pytest.skip("nginx is not installed")
    with served(stream, tmp_path) as url:
        loopback = Offer(url, offer.keyring, offer.shape, stream)
        client.configure(loopback, target)
        measured(client.sync(loopback, target), scratch=tmp_path, log=tmp_path / "log")

    prove_held(client, target, offer.shape)


def test_a_client_that_holds_too_little_has_failed(offer: Offer, tmp_path: Path) -> None:
    """
    An exit code of 0 does not count without the files.
    """
    with pytest.raises(RunFailed, match="curl ended well, but holds 0 of 32 files"):
        prove_held(Curl(4), tmp_path, offer.shape)


def test_tundish_is_told_of_source_and_selection_before_it_is_measured(offer: Offer) -> None:
    """
    Only `sync` is measured; what a person configures once is not.
    """
    words = [command[5:7] for command in Tundish().configure(offer, Path("/state"))]

    assert [("source", "add"), ("select", "add")] == words
