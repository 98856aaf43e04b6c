"""
QEMU: whether this machine can really accelerate a guest, and a guest that boots over the network.

No root is needed: the guest has QEMU's own user network, in which the host is 10.0.2.2.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import InputError, ToolFailed
from tundish.core.machine import hardware_uuid, mac_address
from tundish.tools.run import Running, start

PROGRAM = "qemu-system-x86_64"
PROBE_LIMIT = 10.0  # seconds; a guest of one instruction needs a tenth of one
KVM = ("-accel", "kvm", "-cpu", "host")
TCG = ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max")
HOST = "10.0.2.2"  # as the guest sees it

_EXIT_PORT, _EXIT_VALUE = 0xF4, 0x15
_EXIT_CODE = _EXIT_VALUE << 1 | 1  # what isa-debug-exit makes of the value
# mov al, value; out port, al; hlt
_SECTOR = bytes((0xB0, _EXIT_VALUE, 0xE6, _EXIT_PORT, 0xF4)).ljust(510, b"\0") + b"\x55\xaa"


@dataclass(frozen=True, slots=True)
class Accelerator:
    """
    How guests run here: `kvm`, or `tcg` and why not KVM.
    """

    name: str
    reason: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guest:
    """
    A machine to be booted over the network. `serial` is the file its console is written to.
    """

    mac: str
    uuid: str
    serial: Path
    memory: int = 1024  # MiB
    processors: int = 2

    def __post_init__(self) -> None:
        mac_address(self.mac)
        hardware_uuid(self.uuid)
        if "," in str(self.serial):  # QEMU's options are separated by commas
            raise InputError(f"the folder of {self.serial} may not have a comma in its name")


def accelerator(folder: Path, *, device: Path = Path("/dev/kvm"), limit: float = PROBE_LIMIT) -> Accelerator:
    """
    Prove KVM with a guest of one instruction; a device that opens is not enough. Writes to `folder`.

    Raises:
        ToolMissing: QEMU is not installed.
    """
    fault = f"there is no {device}" if not device.exists() else _fault_of_kvm(folder, limit)
    return Accelerator("tcg", fault, TCG) if fault else Accelerator("kvm", "a test guest ran", KVM)


def _fault_of_kvm(folder: Path, limit: float) -> str:
    disk, log = folder / "probe.img", folder / "probe.log"
    disk.write_bytes(_SECTOR)
    with start(_probe(disk), log=log) as running:
        code = running.ended(within=limit)
    if code == _EXIT_CODE:
        return ""
    if code is None:
        return f"a test guest did not run within {limit:.0f} s"
    said = log.read_text(errors="replace").strip().splitlines()
    return said[-1] if said else f"a test guest ended with code {code}"


def _probe(disk: Path) -> Sequence[str]:
    exit_device = f"isa-debug-exit,iobase={_EXIT_PORT:#x},iosize=0x1"
    drive = f"file={_escaped(disk)},format=raw,if=ide,readonly=off"
    quiet = ("-display", "none", "-serial", "none", "-monitor", "none", "-no-reboot", "-nic", "none")
    return (PROGRAM, *KVM, "-m", "16", *quiet, "-device", exit_device, "-drive", drive)


def _escaped(path: Path) -> str:
    return str(path).replace(",", ",,")


@contextmanager
def netboot(guest: Guest, url: str, accelerated: Accelerator) -> Iterator[Running]:
    """
    Switch a machine on; its firmware loads the iPXE script at `url`. It is switched off at the end.

    A guest that restarts or powers off ends its QEMU: see `Running.ended`.

    Raises:
        ToolMissing, ToolFailed: QEMU is not installed, or does not start.
    """
    log = guest.serial.with_suffix(".qemu.log")
    with start(_machine(guest, url, accelerated), log=log) as running:
        if (code := running.ended(within=0.3)) is not None:
            said = log.read_text(errors="replace").strip()[-1000:]
            raise ToolFailed(f"QEMU did not start: {said}", command=running.line, code=code)
        yield running


def _machine(guest: Guest, url: str, accelerated: Accelerator) -> Sequence[str]:
    if "," in url:
        raise InputError(f"{url} has a comma, which QEMU does not take")
    return (
        PROGRAM,
        *accelerated.arguments,
        *("-machine", "pc,graphics=off"),  # puts the firmware and iPXE on the serial line
        *("-m", str(guest.memory), "-smp", str(guest.processors), "-uuid", guest.uuid),
        *("-netdev", f"user,id=net,bootfile={url}"),
        *("-device", f"virtio-net-pci,netdev=net,mac={guest.mac},bootindex=1"),
        *("-device", "virtio-rng-pci"),
        *("-serial", f"file:{guest.serial}"),
        *("-display", "none", "-monitor", "none", "-no-reboot", "-nodefaults"),
    )
