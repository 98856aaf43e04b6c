import pytest

from tests.support.images import Link, index_of
from tundish.anatomy.system import listening, units

UNITS = "usr/lib/systemd/system"
WANTS = "etc/systemd/system/multi-user.target.wants"


def test_known_services_listen_when_they_are_enabled() -> None:
    """
    An enabled ssh is told with its port; a service that is there but not enabled is not.
    """
    index = index_of(
        {
            f"{UNITS}/ssh.service": "[Unit]",
            f"{UNITS}/nginx.service": "[Unit]",
            f"{WANTS}/ssh.service": Link("/x"),
        }
    )
    enabled = [one.unit for one in units.read(index)]

    assert ("ssh.service 22/tcp",) == listening.read(index, enabled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ListenStream=9090", ("x.socket 9090/tcp",)),
        ("ListenStream=0.0.0.0:22\nListenStream=[::]:22", ("x.socket 22/tcp",)),
        ("ListenDatagram=69", ("x.socket 69/udp",)),
        ("ListenStream=/run/x.sock\nListenStream=@x\nListenStream=vsock::22", ()),
        ("ListenStream=127.0.0.1:631\nListenStream=[::1]:631", ()),
        ("ListenStream=22\nListenStream=\nListenStream=2222", ("x.socket 2222/tcp",)),
    ],
)
def test_sockets_say_where_they_listen(text: str, expected: tuple[str, ...]) -> None:
    """
    Ports of the network count; paths and the machine itself do not; an empty line forgets those before it.
    """
    index = index_of({f"{UNITS}/x.socket": f"[Socket]\n{text}\n"})

    assert expected == listening.read(index, ["x.socket"])


def test_instances_of_a_template_are_enabled_units() -> None:
    """
    `getty@tty1.service` is enabled where its template is there.
    """
    wants = "etc/systemd/system/getty.target.wants/getty@tty1.service"
    index = index_of({f"{UNITS}/getty@.service": "[Unit]", wants: Link(f"/{UNITS}/getty@.service")})

    assert (units.Wanted("getty@tty1.service", "getty.target"),) == units.read(index)


def test_services_of_openrc_are_read_from_its_run_levels() -> None:
    """
    Alpine enables by links in run levels.
    """
    index = index_of({"etc/runlevels/default/sshd": Link("/etc/init.d/sshd"), "etc/init.d/sshd": ""})

    assert ("sshd 22/tcp",) == listening.read(index, [one.unit for one in units.read(index)])
