"""
What a root gets to be started from a new disk: names, fstab, loaders, and what GRUB reads.
"""

from uuid import UUID

import pytest

from tests.support.images import Folder, Hardlink, Link, Tree, index_of
from tundish.anatomy.index import Index
from tundish.anatomy.pack.fitting import fstab
from tundish.anatomy.pack.fitting.fitted import Fitted, fitted
from tundish.anatomy.pack.fitting.names import Names, made

SEED = bytes(32)
EPOCH = 1_700_000_000
OLD = "0f0f0f0f-1111-4222-8333-444444444444"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00"
NAMES = Names(UUID(OLD), UUID(int=7), 0xABCD_1234, "cloudimg", "UEFI")
GRUB = b"MZ grub \0/EFI/debian\0"


def debian(short: str = "x64", long: str = "x86_64", machine: int = 62) -> Tree:
    return {
        "etc/os-release": "ID=debian\nPRETTY_NAME=\"Debian '12' $(reboot)\"\n",
        "bin/sh": ELF + bytes((machine, 0)) + bytes(40),
        "boot/vmlinuz-6.1.0-9-amd64": b"old",
        "boot/vmlinuz-6.1.0-10-amd64": b"new",
        "boot/initrd.img-6.1.0-10-amd64": b"initrd",
        f"usr/lib/shim/shim{short}.efi.signed": b"MZ shim",
        f"usr/lib/grub/{long}-efi-signed/grub{short}.efi.signed": GRUB,
    }


def fit(tree: Tree, *, has_esp: bool = True) -> Fitted:
    return fitted(index_of(tree), EPOCH, SEED, has_esp=has_esp)


def text(root: Index, path: str) -> str:
    return root.text(path) or ""


@pytest.mark.parametrize(
    ("short", "long", "machine"), [("x64", "x86_64", 62), ("aa64", "arm64", 183)], ids=["amd64", "arm64"]
)
def test_shim_and_grub_come_from_the_packages_of_the_image(short: str, long: str, machine: int) -> None:
    """
    Firmware finds shim by its default name, shim the GRUB beside it.
    """
    root = fit(debian(short, long, machine)).root

    assert (b"MZ shim", GRUB) == (
        root.read(f"boot/efi/EFI/BOOT/BOOT{short.upper()}.EFI"),
        root.read(f"boot/efi/EFI/BOOT/grub{short}.efi"),
    )


def test_grub_is_led_to_the_root_from_where_it_looks() -> None:
    """
    The folder that is written in GRUB itself gets a configuration, and so does the one it is in.
    """
    done = fit(debian())
    said = {text(done.root, f"boot/efi/EFI/{name}/grub.cfg") for name in ("debian", "BOOT")}
    search = f"search --no-floppy --fs-uuid --set=root {done.names.root}\n"

    assert {f"{search}set prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n"} == said


def test_the_menu_has_every_kernel_the_newest_first() -> None:
    """
    Numbers count by value; one without an initrd is told the partition; no text of the image is a command.
    """
    done = fit({**debian(), "etc/default/grub": 'GRUB_CMDLINE_LINUX="quiet x;reboot root=/dev/sda1"\n'})
    rest = "ro quiet console=tty0 console=ttyS0,115200"

    assert [
        "menuentry 'Debian 12 (reboot), 6.1.0-10-amd64' {",
        f"  linux /boot/vmlinuz-6.1.0-10-amd64 root=UUID={done.names.root} {rest}",
        "  initrd /boot/initrd.img-6.1.0-10-amd64",
        "}",
        "menuentry 'Debian 12 (reboot), 6.1.0-9-amd64' {",
        f"  linux /boot/vmlinuz-6.1.0-9-amd64 root=PARTUUID={done.names.part} {rest}",
        "}",
    ] == text(done.root, "boot/grub/grub.cfg").splitlines()[4:]


def test_names_of_the_image_are_kept_and_what_fits_stays() -> None:
    """
    The new disk has the ids that the image's fstab has; its own menu, which names them, is left alone.
    """
    tree = {
        **debian(),
        "etc/fstab": f"UUID={OLD} / ext4 defaults 0 1\nUUID=ABCD-1234 /boot/efi vfat defaults 0 1\n",
        "boot/grub/grub.cfg": f"set root {OLD}",
        "boot/efi/EFI/Boot/bootx64.efi": b"MZ shim",
        "boot/efi/EFI/debian/grubx64.efi": GRUB,
        "boot/efi/EFI/debian/grub.cfg": f"search.fs_uuid {OLD}",
    }
    done = fit(tree)

    assert (UUID(OLD), "ABCD-1234", ["boot/efi/EFI/Boot/grub.cfg"]) == (
        done.names.root,
        done.names.esp,
        [path for path, _ in done.changed],
    )


def test_a_menu_of_a_boot_partition_is_made_anew() -> None:
    """
    Where /boot was a partition, paths of the old menu lead nowhere on a disk that has it in the root.
    """
    tree = {
        **debian(),
        "etc/fstab": f"UUID={OLD} / xfs rw,uquota 0 0\nUUID=1-2 /boot xfs defaults 0 0\n",
        "boot/grub2/grub.cfg": f"linux /vmlinuz root=UUID={OLD}",
    }
    done = fit(tree)

    assert (
        True,
        f"UUID={OLD} / ext4 defaults 0 1\n# not on this disk: UUID=1-2 /boot xfs defaults 0 0\n",
    ) == (
        "boot/grub2/grub.cfg" in dict(done.changed),
        "".join(text(done.root, "etc/fstab").splitlines(keepends=True)[:2]),
    )


@pytest.mark.parametrize(
    ("missing", "changed"),
    [
        ("usr/lib/shim/shimx64.efi.signed", ["etc/fstab"]),
        ("etc/os-release", []),
    ],
)
def test_without_a_loader_or_a_system_nothing_is_made_up(missing: str, changed: list[str]) -> None:
    """
    A root with no whole chain of loaders gets a fstab only, one with no system not even that.
    """
    done = fit({path: node for path, node in debian().items() if path != missing})

    assert changed == [path for path, _ in done.changed]


def test_a_grub_alone_is_taken_where_there_is_no_shim() -> None:
    """
    The whole GRUB that Debian's package of modules has is started by firmware itself.
    """
    tree = {path: node for path, node in debian().items() if "signed" not in path}
    root = fit({**tree, "usr/lib/grub/x86_64-efi/monolithic/grubx64.efi": GRUB}).root

    assert GRUB == root.read("boot/efi/EFI/BOOT/BOOTX64.EFI")


def test_a_disk_for_a_bios_gets_a_fstab_only() -> None:
    """
    Without an ESP there is neither a loader nor a line for it.
    """
    done = fit(debian(), has_esp=False)

    assert (["etc/fstab"], f"UUID={done.names.root} / ext4 defaults 0 1\n") == (
        [path for path, _ in done.changed],
        text(done.root, "etc/fstab"),
    )


def test_another_name_of_a_fitted_file_keeps_its_content() -> None:
    """
    The old fstab lives on under a further name, which is a file of its own then.
    """
    root = fit({**debian(), "etc/fstab": "# old\n", "etc/fstab.orig": Hardlink("etc/fstab")}).root
    heir = root.get("etc/fstab.orig")

    assert ("", "# old\n") == (heir and heir.first, text(root, "etc/fstab.orig"))


def test_a_link_to_a_loader_is_followed() -> None:
    """
    Ubuntu's signed shim is a link to the latest one.
    """
    tree = {path: node for path, node in debian().items() if "shim/" not in path}
    tree |= {"usr/lib/shim/shimx64.efi.signed": Link("shimx64.efi.signed.latest")}
    tree |= {"usr/lib/shim/shimx64.efi.signed.latest": b"MZ latest", "boot/efi": Folder()}

    assert b"MZ latest" == fit(tree).root.read("boot/efi/EFI/BOOT/BOOTX64.EFI")


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("# a note", "# a note"),
        (f"UUID={OLD} / ext4 errors=remount-ro 0 1", f"UUID={OLD} / ext4 errors=remount-ro 0 1"),
        ("LABEL=cloudimg / ext4 discard 0 1", "LABEL=cloudimg / ext4 discard 0 1"),
        ("/dev/vda1 / ext4 discard 0 1", f"UUID={OLD} / ext4 discard 0 1"),
        ("LABEL=UEFI /boot/efi vfat umask=0077 0 1", "LABEL=UEFI /boot/efi vfat umask=0077 0 1"),
        ("PARTUUID=x /efi vfat rw 0 1", "UUID=ABCD-1234 /boot/efi vfat rw 0 1"),
        ("UUID=9 none swap sw 0 0", "# not on this disk: UUID=9 none swap sw 0 0"),
        (
            "/dev/mapper/rl-home /home xfs defaults 0 0",
            "# not on this disk: /dev/mapper/rl-home /home xfs defaults 0 0",
        ),
        ("UUID=9 /data ext4 nofail 0 2", "UUID=9 /data ext4 nofail 0 2"),
        ("tmpfs /tmp tmpfs defaults 0 0", "tmpfs /tmp tmpfs defaults 0 0"),
        ("host:/home /home nfs defaults 0 0", "host:/home /home nfs defaults 0 0"),
        ("/dev/sr0 /media iso9660 ro 0 0", "/dev/sr0 /media iso9660 ro 0 0"),
        ("/swapfile none swap sw 0 0", "/swapfile none swap sw 0 0"),
    ],
)
def test_lines_of_a_fstab(line: str, becomes: str) -> None:
    """
    The root and the ESP are named as on the new disk; volumes that it does not have are commented out.
    """
    assert becomes in fstab.fitted(line + "\n", NAMES, has_esp=True).splitlines()


def test_a_fstab_that_fits_stays_the_same() -> None:
    """
    Fitting twice changes nothing.
    """
    once = fstab.fitted("", made(SEED), has_esp=True)

    assert once == fstab.fitted(once, made(SEED), has_esp=True)
