"""
How a guest is described and how KVM is proved; guests that boot are in tests/acceptance.
"""

from pathlib import Path

import pytest

from tundish.core.errors import InputError, ToolFailed
from tundish.tools.qemu import Accelerator, Guest, accelerator, netboot

UUID = "11111111-2222-3333-4444-555555555555"
MAC = "52:54:00:12:34:56"


def test_without_a_device_there_is_no_kvm_and_the_reason_is_told(tmp_path: Path) -> None:
    """
    No guest is started for it.
    """
    found = accelerator(tmp_path, device=tmp_path / "kvm")

    assert ("tcg", f"there is no {tmp_path / 'kvm'}") == (found.name, found.reason)


def test_kvm_is_told_by_a_guest_that_ran(tmp_path: Path) -> None:
    """
    Whatever this machine can do, the answer comes with a reason, in time.
    """
    found = accelerator(tmp_path, limit=2.0)

    assert (found.name == "kvm") == (found.reason == "a test guest ran")


@pytest.mark.parametrize(
    ("mac", "uuid", "serial"),
    [("nonsense", UUID, "s"), (f"{MAC},model=x", UUID, "s"), (MAC, "x", "s"), (MAC, UUID, "a,b")],
)
def test_a_guest_with_a_malformed_name_cannot_be_made(mac: str, uuid: str, serial: str) -> None:
    """
    Nothing that QEMU would take for another option gets through.
    """
    with pytest.raises(InputError):
        Guest(mac, uuid, Path(serial))


def test_a_qemu_that_does_not_start_is_told_with_its_words(tmp_path: Path) -> None:
    """
    Its own message is part of the error.
    """
    none = Accelerator("none", "for the test", ("-accel", "no-such-accelerator"))

    with (
        pytest.raises(ToolFailed, match="no-such-accelerator"),
        netboot(Guest(MAC, UUID, tmp_path / "serial.log"), "http://10.0.2.2/x", none),
    ):
        pass
