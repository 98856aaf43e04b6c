import pytest

from tests.support import parts
from tests.support.images import Link, Node, Tree, index_of
from tundish.anatomy.facts import CloudInit, Installed
from tundish.anatomy.system import cloud_init, units, yaml_lines

OLD = ("cloud-config.service", "cloud-final.service", "cloud-init-local.service", "cloud-init.service")
NEW = ("cloud-config.service", "cloud-final.service", "cloud-init-local.service", "cloud-init-main.service",
       "cloud-init-network.service")  # fmt: skip
ETC = "etc/systemd/system"
GENERATOR = "usr/lib/systemd/system-generators/cloud-init-generator"


def read(tree: Tree, *packages: Installed) -> CloudInit:
    index = index_of(tree)
    return cloud_init.read(index, packages, units.read(index))


def system(
    names: tuple[str, ...] = OLD,
    wants: str = f"{ETC}/cloud-init.target.wants",
    site: str = "usr/lib/python3/dist-packages",
    *,
    generator: bool = True,
) -> dict[str, Node]:
    """
    A cloud-init of a family: which units, where they are wanted, and where its modules stand.
    """
    return {
        "lib": Link("usr/lib"),
        "usr/bin/cloud-init": "#!/usr/bin/python3\n",
        "usr/bin/python3": Link("python3.11"),
        "usr/bin/python3.11": b"ELF",
        f"{site}/cloudinit/version.py": '__VERSION__ = "24.1.4"\n_PACKAGED_VERSION = "@@PACKAGED@@"\n',
        f"{site}/cloudinit/sources/DataSourceMAAS.py": "",
        f"{site}/oauthlib/__init__.py": "",
        **({GENERATOR: "#!/bin/sh\n"} if generator else {}),
        "usr/lib/systemd/system/cloud-init.target": "[Unit]\n",
        **{f"usr/lib/systemd/system/{one}": "[Unit]\n" for one in names},
        **{f"{wants}/{one}": Link(f"/lib/systemd/system/{one}") for one in names},
    }


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (system(), OLD),  # Debian 11 and 12, Ubuntu 20.04 to 24.04, EL 8 and 9, SUSE
        (system(NEW), NEW),  # 24.3 and newer: Debian 13, Ubuntu 24.10, EL 10
        (system(wants="etc/systemd/system/multi-user.target.wants", generator=False), OLD),  # EL 7
        (system(generator=False), ()),  # nothing starts the target
        (
            {
                **system(generator=False),
                "etc/systemd/system/multi-user.target.wants/cloud-init.target": Link(
                    "/usr/lib/systemd/system/cloud-init.target"
                ),
            },
            OLD,
        ),
        ({**system(), "etc/systemd/system/cloud-final.service": Link("/dev/null")}, (OLD[0], *OLD[2:])),
        ({path: node for path, node in system().items() if not path.startswith("etc/systemd")}, ()),
        (
            {path: node for path, node in system().items() if "system/cloud-final" not in path},
            (OLD[0], *OLD[2:]),
        ),
    ],
)
def test_units_are_enabled_as_each_family_does_it(tree: Tree, expected: tuple[str, ...]) -> None:
    """
    Through its own target, which a generator or a link starts, or directly; masked and absent ones are not.
    """
    assert expected == read(tree).units


@pytest.mark.parametrize(
    ("machine_id", "expected"),
    [("uninitialized\n", ("cloud-init.service",)), ("", ()), (None, ("cloud-init.service",))],
)
def test_presets_enable_on_a_first_boot_only(machine_id: str | None, expected: tuple[str, ...]) -> None:
    """
    A preset counts where systemd would apply it: without machine-id, or with one not yet set.
    """
    tree: dict[str, Node] = {
        "usr/lib/systemd/system/cloud-init.service": "[Install]\nWantedBy=multi-user.target\n",
        "usr/lib/systemd/system-preset/90-default.preset": "enable cloud-init.service\n",
        "usr/lib/systemd/system-preset/99-default-disable.preset": "disable *\n",
    }
    if machine_id is not None:
        tree["etc/machine-id"] = machine_id

    assert expected == read(tree).units


@pytest.mark.parametrize(
    "site",
    [
        "usr/lib/python3/dist-packages",
        "usr/lib/python3.11/site-packages",
        "usr/lib64/python3.11/site-packages",
    ],
)
def test_modules_are_found_where_the_interpreter_looks(site: str) -> None:
    """
    The data source and oauthlib count in the folders of cloud-init's own interpreter.
    """
    found = read(system(site=site))

    assert (True, True, "24.1.4") == (found.maas, found.oauth, found.version)


def test_a_module_of_another_interpreter_does_not_count() -> None:
    """
    oauthlib of Python 3.9 is of no use to a cloud-init that runs on 3.11.
    """
    tree = system(site="usr/lib/python3.11/site-packages")
    del tree["usr/lib/python3.11/site-packages/oauthlib/__init__.py"]

    assert not read({**tree, "usr/lib/python3.9/site-packages/oauthlib/__init__.py": ""}).oauth


def test_the_interpreter_of_the_platform_is_followed() -> None:
    """
    On EL 8 cloud-init runs on the platform's python, which is a link to the one with modules.
    """
    tree = {
        **system(site="usr/lib/python3.6/site-packages"),
        "usr/bin/cloud-init": "#!/usr/libexec/platform-python -s\n",
        "usr/libexec/platform-python": Link("platform-python3.6"),
        "usr/libexec/platform-python3.6": b"ELF",
    }

    assert read(tree).maas


def test_the_package_tells_the_version_first() -> None:
    """
    The version is that of its makers, without what the distribution added.
    """
    package = Installed("cloud-init", "1:24.1.4-0ubuntu0~22.04.1")

    assert "24.1.4" == read({}, package).version


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"etc/cloud/cloud-init.disabled": ""}, "etc/cloud/cloud-init.disabled"),
        ({"etc/cloud/ds-identify.cfg": "policy: disabled\n"}, "etc/cloud/ds-identify.cfg"),
        ({"etc/default/grub": 'GRUB_CMDLINE_LINUX="quiet cloud-init=disabled"\n'}, "etc/default/grub"),
        ({"boot/loader/entries/a.conf": "options ro cloud-init=disabled\n"}, "boot/loader/entries/a.conf"),
        ({"etc/default/grub": "#GRUB_CMDLINE_LINUX=cloud-init=disabled\n"}, ""),
        ({"etc/systemd/system/cloud-init.target": Link("/dev/null")}, "etc/systemd/system/cloud-init.target"),
        ({}, ""),
    ],
)
def test_what_switches_it_off_is_named(change: Tree, where: str) -> None:
    """
    A marker file, ds-identify, the kernel's command line or a mask; a comment is nothing.
    """
    assert where == read({**system(), **change}).disabled


def test_later_files_override_user_and_data_sources() -> None:
    """
    Files of cloud.cfg.d come after cloud.cfg, in the order of their names.
    """
    tree = {
        **parts.cloud_init("24.1", "ubuntu", packages="usr/lib/python3/dist-packages"),
        "etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ NoCloud, MAAS ]\n",
        "etc/cloud/cloud.cfg.d/99-mine.cfg": (
            "# mine\ndatasource_list:\n- MAAS\n- None\nsystem_info:\n  default_user: {name: x}\n"
            "  default_user:\n    gecos: name\n    name: 'operator'\n"
        ),
    }
    found = read(tree)

    assert ("operator", ("MAAS", "None")) == (found.default_user, found.datasources)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1 # one\nb:\n  c: 'x # y'\n", [(("a",), "1"), (("b", "c"), "'x")]),
        ("a: [1, 'two',\n  three]\n", [(("a",), "1"), (("a",), "two"), (("a",), "three")]),
        ("a:\n  - x\n  - y: z\nb: 2\n", [(("a",), "x"), (("a", "y"), "z"), (("b",), "2")]),
        ("a:\n\tb: c\n}{][ : :\n", [(("a", "b"), "c")]),
    ],
)
def test_settings_come_with_the_keys_that_lead_to_them(text: str, expected: list[yaml_lines.Setting]) -> None:
    """
    Nesting by indentation, lists of both kinds, comments left out; what is odd is passed over.
    """
    assert expected == list(yaml_lines.settings(text))
