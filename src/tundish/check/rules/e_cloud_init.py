"""
Group E, first half: whether cloud-init runs on the machine and reaches MAAS.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Index
from tundish.check.asking import command, root_of
from tundish.check.hooks import says
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import custom, dd, linux, rooted
from tundish.check.subject import Subject
from tundish.check.uploads import base_of

_SITES = ("usr/lib/python3*/*-packages", "usr/lib64/python3*/*-packages", "usr/lib/python2*/*-packages")
_LATE = "the node stays in Deploying until it times out, since nothing on it talks to MAAS"
_DISABLED_NETWORK = re.compile(
    r"^[ \t]*network[ \t]*:(?:[ \t]*\{[ \t]*|\n[ \t]+)[\"']?config[\"']?[ \t]*:[ \t]*[\"']?disabled",
    re.MULTILINE,
)
_DATASOURCES = re.compile(r"^[ \t]*datasource_list[ \t]*:(.*(?:\n[ \t]*-.*)*)", re.MULTILINE)
MAX_CONFIGURATION = 1024 * 1024
_LEFT = ("99-installer.cfg", "subiquity-disable-cloudinit-networking.cfg", "curtin-preserve-sources.cfg")
_OF_CURTIN = "95-cloudconfig-"  # where the installer writes MAAS as the data source
_NETWORK_OF_CURTIN = "50-curtin-networking.cfg"


def _runs(subject: Subject) -> Iterator[Found]:
    root, cloud = root_of(subject), subject.facts.cloud_init
    if not command(root, "cloud-init"):
        at_deploy = says(subject, r"install[^\n]{0,200}cloud-init|cloud-init[^\n]{0,200}\.(rpm|deb)")
        yield Found(
            "no executable cloud-init is on the image's PATH"
            + ("; a script below curtin/ seems to install it at deploy" if at_deploy else ""),
            (Evidence("usr/bin/cloud-init", "absent"),),
            Severity.WARNING if at_deploy else None,
        )
        return
    if disabled := cloud.disabled or _disabled(root):
        yield Found(
            f"cloud-init is switched off by {disabled}",
            (Evidence(disabled),),
            fix=f"remove {disabled}" if "/" in disabled else "",
        )
    missing = _idle(root, {unit.removesuffix(".service") for unit in cloud.units})
    if missing:
        yield Found(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not enabled",
            tuple(Evidence("enabled units", unit) for unit in cloud.units)
            or (Evidence("enabled units", "none"),),
            fix=f"run `systemctl enable {' '.join(missing)}` in the image",
        )


def _disabled(root: Index) -> str:
    if root.is_file("etc/cloud/cloud-init.disabled"):
        return "etc/cloud/cloud-init.disabled"
    for entry in (*root.matching("etc/default/grub"), *root.matching("etc/default/grub.d/*.cfg")):
        text = root.text(entry.path) or ""
        if re.search(r"^[^#\n]*\bcloud-init=disabled\b", text, re.MULTILINE):
            return f"cloud-init=disabled in {entry.path}"
    return ""


def _idle(root: Index, enabled: set[str]) -> list[str]:
    """
    Which of its four stages no unit starts. Without systemd the links of the runlevels are what counts.
    """
    if not any(root.is_folder(path) for path in ("usr/lib/systemd/system", "lib/systemd/system")):
        stages = [*root.matching("etc/rc[35].d/S*cloud*"), *root.matching("etc/runlevels/*/cloud-*")]
        stages += root.matching("etc/init/cloud-*.conf")
        return [] if stages else ["cloud-init"]
    wanted = {"cloud-init-local", "cloud-config", "cloud-final"} - enabled
    if not {"cloud-init", "cloud-init-network"} & enabled:
        wanted.add("cloud-init")
    return sorted(wanted)


def _is_recent(subject: Subject) -> Iterator[Found]:
    version = subject.facts.cloud_init.version
    numbers = re.match(r"(?:\d+:)?(\d+)\.(\d+)", version)
    if not numbers:
        raise Unknown("the version of cloud-init cannot be seen")
    if (int(numbers[1]), int(numbers[2])) < (17, 1):
        yield Found(f"cloud-init is {version}, before 17.1", (Evidence("cloud-init", version),))


def _of_ubuntu_base(subject: Subject) -> bool:
    return subject.request.custom and base_of(subject.request, subject.target.ephemeral).os == "ubuntu"


def _has_netplan(subject: Subject) -> Iterator[Found]:
    if not _of_ubuntu_base(subject):
        return
    root, base = root_of(subject), base_of(subject.request, subject.target.ephemeral)
    why = "" if base.said else "; base_image was left out, so the commissioning release counts as its base"
    path = command(root, "netplan")
    if not path:
        yield Found(
            f"the base is ubuntu, and no executable netplan is on the image's PATH{why}",
            (Evidence("base_image", subject.request.base_image or "not given"), Evidence("usr/sbin/netplan")),
        )
    elif _knows_info(subject, root, path) is False:
        version = subject.facts.version_of("netplan.io")
        yield Found(f"{path} has no command info{why}", (Evidence(path, version),))


def _knows_info(subject: Subject, root: Index, path: str) -> bool:
    """
    Whether `netplan info` works: by its commands, where they can be seen, else by its version.
    """
    folders = (
        "usr/share/netplan/netplan*/cli/commands",
        *(f"{site}/netplan*/cli/commands" for site in _SITES),
    )
    commands = [entry for folder in folders for entry in root.matching(f"{folder}/*.py")]
    if commands:
        return any(entry.name == "info.py" for entry in commands)
    version = re.match(r"(\d+)\.(\d+)", subject.facts.version_of("netplan.io"))
    if version:
        return (int(version[1]), int(version[2])) >= (0, 97)
    entry = root.at(path)
    if entry is not None and entry.size < 65536 and "info" in (root.text(path) or ""):
        return True
    raise Unknown(f"what commands {path} has cannot be seen")


def _talks_to_maas(subject: Subject) -> Iterator[Found]:
    root, cloud = root_of(subject), subject.facts.cloud_init
    if not command(root, "cloud-init"):
        raise Unknown("there is no cloud-init in the image")
    if not cloud.maas:
        yield Found("cloud-init has no DataSourceMAAS", (Evidence("cloudinit/sources/DataSourceMAAS.py"),))
    if not cloud.oauth:
        yield Found(
            "the interpreter of cloud-init cannot import oauthlib",
            (Evidence("oauthlib", "absent"),),
            fix="install python3-oauthlib in the image",
        )
    yield from _lacks_serial(root)


def _lacks_serial(root: Index) -> Iterator[Found]:
    for site in _SITES:
        for source in root.matching(f"{site}/cloudinit/sources/DataSourceSmartOS.py"):
            text = root.text(source.path) or ""
            held = any(f"{at.path}" for name in _SITES for at in root.matching(f"{name}/serial"))
            if re.search(r"^import serial\b", text, re.MULTILINE) and not held:
                yield Found(
                    f"{source.path} imports serial, which is not there",
                    (Evidence(source.path, "import serial"),),
                    Severity.WARNING,
                    "install python3-serial (python3-pyserial) in the image",
                )


def _leaves_the_datasource(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for entry in root.matching("etc/cloud/cloud.cfg.d/*.cfg"):
        text = re.sub(r"(?m)^[ \t]*#.*\n?", "", root.text(entry.path, MAX_CONFIGURATION) or "")
        if entry.name in _LEFT:
            yield Found(
                f"{entry.path} was left by the installer of the build",
                (Evidence(entry.path),),
                fix=f"remove {entry.path}",
            )
        elif entry.name > _OF_CURTIN and (listed := _DATASOURCES.search(text)) and "MAAS" not in listed[1]:
            yield Found(
                f"{entry.path} overrides the data source with{_one_line(listed[1])}",
                (Evidence(entry.path, _one_line(listed[0])),),
                fix=f"remove datasource_list from {entry.path}",
            )
        elif entry.name > _NETWORK_OF_CURTIN and _DISABLED_NETWORK.search(text):
            yield Found(
                f"{entry.path} disables the network configuration of cloud-init",
                (Evidence(entry.path, "network: {config: disabled}"),),
                fix=f"remove {entry.path}",
            )
    yield from _restricting(root)


def _restricting(root: Index) -> Iterator[Found]:
    path = "etc/cloud/ds-identify.cfg"
    for line in (root.text(path) or "").splitlines():
        key, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        named = value.strip("\"'")
        disabled = key == "policy" and named.startswith("disabled")
        if disabled or (key == "datasource" and named and "MAAS" not in named):
            yield Found(f"{path} says {key}: {named}", (Evidence(path, line.strip()),), fix=f"remove {path}")


def _one_line(text: str) -> str:
    return " " + " ".join(text.split())[:120]


def _grows(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    held = subject.facts.has("cloud-initramfs-growroot")
    if not held and not any(command(root, name) for name in ("growpart", "systemd-repart")):
        yield Found(
            "neither growpart nor systemd-repart is in the image", (Evidence("usr/bin/growpart", "absent"),)
        )


def _user(subject: Subject) -> Iterator[Found]:
    user = subject.facts.cloud_init.default_user
    text = f"the default user is {user}" if user else "cloud-init names no default user"
    yield Found(text, (Evidence("etc/cloud/cloud.cfg", user or "none"),))


RULES = (
    Rule(
        "E01",
        Severity.ERROR,
        "cloud-init is on PATH, its units are enabled, and nothing switches it off",
        linux & rooted,
        "Linux",
        f"MAAS asks for it in a late command of custom images, and without it {_LATE}",
        "install cloud-init in the image and enable its units",
        _runs,
    ),
    Rule(
        "E02",
        Severity.ERROR,
        "cloud-init is 17.1 or newer",
        linux & rooted,
        "Linux",
        "its features lack NETWORK_CONFIG_V2, so the installer writes etc/network/interfaces, which "
        "rpm systems "
        "ignore: the machine has no network after the reboot",
        "bring cloud-init 17.1 or newer",
        _is_recent,
    ),
    Rule(
        "E03",
        Severity.ERROR,
        "netplan is there and knows info, where the base is ubuntu",
        linux & rooted & custom,
        "custom/* with a base of ubuntu, or with none given",
        "the late command 99-validate-custom-image-has-netplan fails and the node becomes Failed deployment",
        "install netplan.io in the image, or upload it with a base_image of its own kind, such as rhel/9",
        _has_netplan,
    ),
    Rule(
        "E04",
        Severity.ERROR,
        "cloud-init has the MAAS data source and can sign its requests",
        linux & rooted,
        "Linux",
        f"cloud-init cannot ask MAAS for its metadata; {_LATE}",
        "install a cloud-init with DataSourceMAAS",
        _talks_to_maas,
    ),
    Rule(
        "E05",
        Severity.ERROR,
        "nothing in etc/cloud overrides the data source or the network",
        linux & rooted,
        "Linux",
        "a file that sorts behind those of the installer wins, and cloud-init does not reach MAAS: the node "
        "stays in Deploying",
        "remove the file",
        _leaves_the_datasource,
        "cloud-init-state",
    ),
    Rule(
        "E09",
        Severity.WARNING,
        "the root of a disk image can grow",
        linux & rooted & dd,
        "dd",
        "the installer never resizes what it writes with dd, so the root keeps the size of the image",
        "install cloud-guest-utils (cloud-utils-growpart) in the image",
        _grows,
    ),
    Rule(
        "E10",
        Severity.INFO,
        "the name of the default user",
        linux & rooted,
        "Linux",
        "this is who gets the keys that MAAS holds, and whom to log in as",
        "",
        _user,
    ),
)
