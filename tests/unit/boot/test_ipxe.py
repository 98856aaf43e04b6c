import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.boot.door import MAC, ROOT, SCRIPT
from tundish.boot import ipxe
from tundish.core.errors import InputError, InvalidName
from tundish.core.machine import BootScript

LINE = re.compile(r"[ -~]+")


def test_a_machine_is_told_kernel_initrd_root_and_where_to_report() -> None:
    """
    The boot script is these lines, with every address on the host the machine used.
    """
    files = f"http://10.0.2.2:5248/images/{ROOT.hex}/debian/amd64/generic/bookworm/stable"

    assert (
        "#!ipxe\n"
        "echo tundish boots debian/bookworm/amd64/generic version 20260504\n"
        f"kernel {files}/boot-kernel initrd=boot-initrd root=squash:{files}/squashfs"
        f" tundish.root={ROOT.hex} tundish.version=20260504 tundish.token=a1b2c3d4"
        " tundish.report=http://10.0.2.2:5248/boot/report ip=dhcp BOOTIF=01-52-54-00-12-34-56"
        " console=ttyS0\n"
        f"initrd {files}/boot-initrd\n"
        "boot\n"
    ) == ipxe.boot_script(SCRIPT, mac=MAC, host="10.0.2.2:5248", arguments=("console=ttyS0",))


def test_an_image_without_a_kernel_name_is_generic() -> None:
    """
    The seven segments of an image's address are all there even if the image has no kernel name.
    """
    script = replace(SCRIPT, image="debian/bookworm/amd64", label="candidate")

    assert f"/images/{ROOT.hex}/debian/amd64/generic/bookworm/candidate/boot-kernel " in ipxe.boot_script(
        script, mac=MAC, host="h"
    )


def test_who_has_not_said_who_it_is_is_asked() -> None:
    """
    The entry script chains to the same host with the machine's own address and hardware id.
    """
    assert (
        "chain http://10.0.0.2:5248/ipxe.cfg-${mac:hexhyp}?uuid=${uuid}&arch=${buildarch} || goto failed"
        in ipxe.entry_script("10.0.0.2:5248").splitlines()
    )


def test_a_machine_without_an_image_is_told_so_in_words() -> None:
    """
    The script for nothing says so, waits, and gives the machine back to its firmware.
    """
    lines = ipxe.nothing_script(MAC).splitlines()

    assert ("echo tundish has no image to boot for 52:54:00:12:34:56", "sleep 10", "exit") == (
        lines[1],
        *lines[-2:],
    )


@pytest.mark.parametrize(
    "host",
    ["10.0.2.2", "10.0.2.2:5248", "images.example.org:80", "[fd00::2]:5248", "rack-1", "a_b.example"],
)
def test_a_plain_host_is_taken_as_it_is(host: str) -> None:
    """
    A host name or address, with or without a port, is accepted unchanged.
    """
    assert host == ipxe.authority(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        None,
        "a b",
        "a\nchain http://evil/",
        "a\r\n",
        "${net0/ip}",
        "user@host",
        "host/path",
        "host?x",
        "host:0",
        "host:65536",
        "host:\u0665",
        "h:1:2",
        "[fd00::2%eth0]",
        "-h",
        "x" * 254,
        "h;reboot",
        "h||x",
    ],
)
def test_an_injected_host_is_refused(host: object) -> None:
    """
    Host header injection: whatever is not a host and port is an error that says what is.
    """
    with pytest.raises(InvalidName, match="Host header"):
        ipxe.authority(host)


@pytest.mark.parametrize(
    "text", ["a;b", "${x}", "a\x00", 'a="b', "a|b", "a&b", "#x", "ä", "a'b", "`a`", "x" * 1025]
)
def test_a_kernel_argument_that_ipxe_could_take_for_its_own_is_refused(text: str) -> None:
    """
    Extra kernel arguments hold no sign that means something to iPXE.
    """
    with pytest.raises(InvalidName, match="kernel argument"):
        ipxe.kernel_arguments(text)


def test_kernel_arguments_are_words() -> None:
    """
    Extra arguments are split at white space and kept in order.
    """
    assert ("console=ttyS0,115200n8", "---", "quiet") == ipxe.kernel_arguments(
        " console=ttyS0,115200n8  ---\tquiet\n"
    )


def test_a_bad_token_is_not_shown() -> None:
    """
    The error for a token that is not of its form does not repeat it.
    """
    with pytest.raises(InputError) as caught:
        ipxe.token("secret token")

    assert "secret" not in str(caught.value)


@given(
    text=st.text(max_size=60), where=st.sampled_from(["image", "version", "token", "label", "host", "extra"])
)
def test_nothing_breaks_out_of_a_line(text: str, where: str) -> None:
    """
    Whatever is put wherever, the answer is an error or the same five lines of plain words.
    """
    plain = {"version": "1", "token": "t", "label": "stable", "host": "h", "extra": "", "image": "a/b/c"}
    values = {**plain, where: text}
    script = BootScript(
        values["image"], values["version"], ROOT, ROOT, ROOT, values["token"], values["label"]
    )
    try:
        lines = ipxe.boot_script(script, mac=MAC, host=values["host"], arguments=(values["extra"],)).split(
            "\n"
        )
    except InputError:
        lines = ["#!ipxe", "echo", "kernel", "initrd", "boot", ""]

    assert (["#!ipxe", "echo", "kernel", "initrd", "boot", ""], [], False) == (
        [line.split(" ")[0] for line in lines],
        [line for line in lines if line and not LINE.fullmatch(line)],
        any(sign in line for line in lines for sign in ("${", ";", "||", "&&")),
    )
