"""
Group F, second half: what the text of hooks lets expect. They are read, never run.

Python is parsed under bounds, and what cannot be parsed is a finding; of shell only telling lines are
looked for.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.index import Index
from tundish.check.hooks import HOOKS, Hook, scripts, target_of
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import linux
from tundish.check.subject import Subject

MAX_PARSED = 256 * 1024
MAX_SHOWN = 12
_PYTHONS = {"bionic": 6, "focal": 8, "jammy": 10, "noble": 12, "plucky": 13, "questing": 13, "resolute": 14}


@dataclass(frozen=True, slots=True)
class Moved:
    """
    A name of the installer that hooks imported and that is somewhere else now, or gone.
    """

    name: str
    module: str  # where hooks took it from; empty: anywhere
    now: str


MOVED = (
    Moved("RunInChroot", "", "ChrootableTarget of curtin.util"),
    Moved("centos_apply_network_config", "", "a function of another name for all rpm families"),
    Moved("load_command_config", "curtin.util", "load_command_config of curtin.config"),
    Moved("load_command_config", "curtin.commands.curthooks", "load_command_config of curtin.config"),
    Moved("target_path", "curtin.util", "target_path of curtin.paths"),
    Moved("install_packages", "curtin.util", "install_packages of curtin.distro"),
    Moved("has_pkg_available", "curtin.util", "has_pkg_available of curtin.distro"),
    Moved("has_pkg_installed", "curtin.util", "has_pkg_installed of curtin.distro"),
    Moved("run_apt_command", "curtin.util", "run_apt_command of curtin.distro"),
    Moved("lsb_release", "curtin.util", "lsb_release of curtin.distro"),
    Moved("get_architecture", "curtin.util", "get_architecture of curtin.distro"),
)
_TOOL = r"(?:apt-get|apt|aptitude|yum|dnf|tdnf|microdnf|zypper)"
_NETWORK = (
    re.compile(
        rf"(?<![\w/.-]){_TOOL}\s+(?:-\S+\s+)*(?:install|update|upgrade|dist-upgrade|in|ref|refresh)\b"
    ),
    re.compile(r"(?<![\w/.-])(?:wget|curl)\s+\S"),
    re.compile(r"(?<![\w/.-])pip3?\s+install\b"),
    re.compile(rf"[\"']{_TOOL}[\"']\s*,"),
    re.compile(r"[\"'](?:wget|curl)[\"']\s*,"),
    re.compile(
        r"\b(?:install_packages|install_missing_packages|apt_update|run_apt_command|run_yum_command)\s*\("
    ),
    re.compile(r"\b(?:urlopen|requests\.get)\s*\("),
)
_ARITHMETIC = (
    re.compile(r"\bsed\b[^\n|]*s(.)\[(?:0-9|\[:digit:\])\]"),
    re.compile(r"\btr\s+-d\s+[\"']?\[?(?:0-9|:digit:|\[:digit:\])"),
    re.compile(r"\$\{\w+(?:%%?|//?)\*?\[(?:0-9|\[:digit:\])\]"),
    re.compile(r"\.r?strip\(\s*(?:[\"'][0-9]{5,}[\"']|(?:string\.)?digits)\s*\)"),
    re.compile(r"re\.sub\(\s*r?[\"'](?:\\d|\[0-9\])[+*]?\$?[\"']\s*,\s*[\"'][\"']"),
    re.compile(r"\bgsub\(/\[0-9\]"),
)
_REMOVAL = re.compile(
    r"(?:rmtree|del_dir|\brm\b|remove_dir)[^\n]{0,120}\bcurtin\b(?![/\w-])"
    r"|(?:rmtree|del_dir)\s*\(\s*(?:CURTIN|curtin|hooks?)_?(?:DIR|dir|path|folder)\b"
)
_CUSTOM_KERNEL = "curtin/CUSTOM_KERNEL"


def _hooked(subject: Subject) -> bool:
    return any(True for _ in scripts(subject))


def _parse(hook: Hook, minor: int) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of doubtful escapes in somebody else's text
        return ast.parse(hook.text, hook.path, feature_version=(3, minor))


def _compiles(subject: Subject) -> Iterator[Found]:
    minor = _PYTHONS.get(subject.target.ephemeral, 12)
    for hook in scripts(subject):
        if not hook.python:
            continue
        if len(hook.text) > MAX_PARSED:
            raise Unknown(f"{hook.path} is longer than {MAX_PARSED} bytes")
        try:
            tree = _parse(hook, minor)
        except SyntaxError as error:
            if minor > 11 and "f-string" in str(error):
                raise Unknown(f"{hook.path} may need a newer Python to be parsed: {error}") from error
            yield _broken(hook, f"line {error.lineno}: {error.msg}", subject.target.ephemeral)
        except (ValueError, RecursionError, MemoryError) as error:
            yield _broken(hook, str(error) or type(error).__name__, subject.target.ephemeral)
        else:
            yield from _imports(hook, tree)


def _broken(hook: Hook, why: str, series: str) -> Found:
    return Found(
        f"{hook.path} is no Python that the installer's system ({series}) can run: {why}",
        (Evidence(hook.path, why),),
        Severity.ERROR,
        "correct the syntax; `python3 -m py_compile` finds it",
    )


def _imports(hook: Hook, tree: ast.Module) -> Iterator[Found]:
    """
    What a hook takes from the installer: what has moved, and the list of all of it.
    """
    names = sorted(set(_taken(tree)))
    for module, name in names:
        for moved in MOVED:
            if moved.name == name and moved.module in {"", module}:
                yield Found(
                    f"{hook.path} uses {name} of {module}, which has moved",
                    (Evidence(hook.path, f"{module}.{name}"),),
                    fix=f"use {moved.now}",
                )
    private = [f"{module}.{name}" for module, name in names if name.startswith("_")]
    if private:
        yield Found(
            f"{hook.path} uses what is private to the installer: {', '.join(private[:MAX_SHOWN])}",
            tuple(Evidence(hook.path, name) for name in private[:MAX_SHOWN]),
        )
    elif names:
        yield Found(
            f"{hook.path} builds on {len(names)} names of the installer, which promises none of them",
            tuple(Evidence(hook.path, f"{module}.{name}") for module, name in names[:MAX_SHOWN]),
            Severity.INFO,
        )


def _taken(tree: ast.Module) -> Iterator[tuple[str, str]]:
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "curtin":
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if not alias.name.islower() or "_" in alias.name or alias.name not in _MODULES:
                    yield node.module or "", alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "curtin":
                    modules[alias.asname or alias.name] = alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


_MODULES = frozenset(
    {"util", "config", "distro", "paths", "net", "log", "block", "swap", "commands", "curthooks", "deps"}
)


def _cleans_up(subject: Subject) -> Iterator[Found]:
    found = [hook for hook in scripts(subject) if hook.path in HOOKS]
    if found and not any(_removes(hook) for hook in found):
        mentions = [hook for hook in found if _REMOVAL.search(hook.bare)]
        text = (
            f"{mentions[0].path} ends before the line that removes /curtin"
            if mentions
            else f"{' and '.join(hook.path for hook in found)} never removes /curtin"
        )
        yield Found(text, tuple(Evidence(hook.path, "no removal of curtin") for hook in found))
    yield from _custom_kernel(subject)


def _removes(hook: Hook) -> bool:
    """
    Whether a line that removes /curtin is there, and is reached.
    """
    if not hook.python:
        reached = re.split(r"(?m)^(?:exit|exec)\b", hook.bare, maxsplit=1)[0]
        return bool(_REMOVAL.search(reached))
    if not _REMOVAL.search(hook.bare):
        return False
    if len(hook.text) > MAX_PARSED:
        return True
    try:
        tree = _parse(hook, 12)
        _prune(tree.body)
        return _is_reached(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # F06 tells; here nobody is accused


def _prune(body: list[ast.stmt]) -> None:
    """
    Take away the statements behind one that ends the program or the function, in every block.
    """
    for place, statement in enumerate(body):
        if isinstance(statement, ast.Return | ast.Raise) or _exits(statement):
            del body[place + 1 :]
            break
    for statement in body:
        for block in ("body", "orelse", "finalbody"):
            inner = getattr(statement, block, None)
            if isinstance(inner, list):
                _prune(inner)


def _exits(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    return ast.unparse(statement.value.func) in {"sys.exit", "exit", "quit", "os._exit"}


def _is_reached(tree: ast.Module) -> bool:
    """
    Whether the removal stands outside of every function, or in one that something calls.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    holding = {each.name for each in functions if _REMOVAL.search(ast.unparse(each))}
    outside = [each for each in tree.body if not isinstance(each, ast.FunctionDef | ast.ClassDef)]
    if any(_REMOVAL.search(ast.unparse(each)) for each in outside):
        return True
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    called |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return bool(holding & called)


def _custom_kernel(subject: Subject) -> Iterator[Found]:
    index = target_of(subject)
    if index is None or not any("CUSTOM_KERNEL" in hook.bare for hook in scripts(subject)):
        return
    named = _kernel_package(index)
    if not named:
        yield Found(
            f"a hook reads {_CUSTOM_KERNEL}, which is missing or empty",
            (Evidence(_CUSTOM_KERNEL, "absent"),),
            fix=f"write the name of the kernel package to {_CUSTOM_KERNEL}",
        )
    elif subject.facts.packages and not subject.facts.has(named):
        yield Found(
            f"{_CUSTOM_KERNEL} names {named}, which is not installed",
            (Evidence(_CUSTOM_KERNEL, named),),
            fix=f"install {named} in the image, or name the package that is there",
        )


def _kernel_package(index: Index) -> str:
    text = index.text(_CUSTOM_KERNEL, 65536) if index.is_file(_CUSTOM_KERNEL) else ""
    words = (text or "").split()
    return words[0][:200] if words else ""


def _needs_network(subject: Subject) -> Iterator[Found]:
    yield from _lines(subject, _NETWORK, "fetches from a network")


def _reckons_devices(subject: Subject) -> Iterator[Found]:
    yield from _lines(subject, _ARITHMETIC, "makes the name of a disk from that of a partition")


def _lines(subject: Subject, patterns: tuple[re.Pattern[str], ...], what: str) -> Iterator[Found]:
    for hook in scripts(subject):
        lines = [
            (number, line.strip()[:160])
            for number, line in enumerate(hook.bare.splitlines(), 1)
            if any(pattern.search(line[:2000]) for pattern in patterns)
        ]
        if lines:
            shown = tuple(Evidence(f"{hook.path}:{number}", line) for number, line in lines[:MAX_SHOWN])
            yield Found(f"{hook.path} {what} in line {lines[0][0]}: {lines[0][1]}", shown)


RULES = (
    Rule(
        "F06",
        Severity.WARNING,
        "hooks in Python compile under the installer's Python and take nothing from it that has moved",
        _hooked,
        "with hooks",
        "the hook ends with a traceback, and the deployment with it: names of the installer move "
        "without notice",
        "keep to what the installer gives in the environment, and write the rest in the hook",
        _compiles,
    ),
    Rule(
        "F07",
        Severity.WARNING,
        "the hooks remove /curtin at their end, and the kernel that they ask for is installed",
        lambda subject: linux(subject) and _hooked(subject),
        "Linux, with hooks",
        "what was meant for the installation stays on the machine, readable by everybody there",
        "remove /curtin as the last act of the hook, before it exits",
        _cleans_up,
    ),
    Rule(
        "F08",
        Severity.WARNING,
        "the hooks need no network",
        _hooked,
        "with hooks",
        "a deployment without a way to the archive fails in the hook, or waits for its time-out",
        "bring in the image what the hook would fetch",
        _needs_network,
    ),
    Rule(
        "F09",
        Severity.WARNING,
        "the hooks make no names of disks by taking digits away",
        _hooked,
        "with hooks",
        "nvme0n1p2 becomes nvmenp, which is no disk: the boot loader is not installed on NVMe, and never on "
        "RAID or LVM",
        "ask the system: lsblk -no pkname, or /sys/class/block/<name>/..",
        _reckons_devices,
    ),
)
