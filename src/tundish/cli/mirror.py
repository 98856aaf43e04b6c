"""
`tundish mirror`: a source into a folder of plain files, with the words of sstream-mirror.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from tundish.cli import mirrored
from tundish.cli.amounts import span
from tundish.cli.command import Verb
from tundish.cli.session import json_option
from tundish.core.errors import InputError, TundishError

if TYPE_CHECKING:  # loaded once it is clear what is asked for
    from tundish.cli.progress import File, Files
    from tundish.mirrors.desk import Desk, Outcome, Prepared
    from tundish.mirrors.wish import Wish

VERIFY = "verify"
FILTER_SECONDS = 20.0  # for all filters over one source; a wild expression could take years


@click.command(
    cls=Verb,
    example="""
    tundish mirror --keyring=lab.gpg http://mirror.lab/stable /srv/mirror 'arch=amd64' --max=1
    tundish mirror --keyring=lab.gpg http://mirror.lab/stable /srv/mirror 'os~(grub*|pxelinux)' --max=1
    tundish mirror --keyring=lab.gpg --sign=own.key http://mirror.lab/stable /srv/own '(arch=amd64||os~grub)'
    tundish mirror verify /srv/mirror
    """,
)
@click.argument("words", nargs=-1, metavar="[SOURCE|verify] DIR [FILTER]...")
@click.option("--keyring", type=click.Path(dir_okay=False), help="Public keys that may sign the source.")
@click.option("-U", "--no-verify", "unverified", is_flag=True, help="Believe the source without a signature.")
@click.option("--max", "most", type=click.IntRange(1), help="Hold the newest so many versions of a product.")
@click.option("--keep", is_flag=True, help="Fill up to --max with versions that have left the source.")
@click.option("--path", metavar="PATH", help="Start at this document, not at streams/v1/index.sjson.")
@click.option("--mirror", "roots", multiple=True, metavar="URL", help="A further root; repeat for more.")
@click.option("--no-item-download", "bare", is_flag=True, help="Mirror only the documents.")
@click.option("--dry-run", is_flag=True, help="Say what would come and go, and write nothing.")
@click.option("--progress", is_flag=True, help="Show on standard error how far it is.")
@click.option("-v", "--verbose", count=True, help="Name on standard error each file that comes or goes.")
@click.option("--verbatim", is_flag=True, help="Upstream's own documents, as they are. The default.")
@click.option("--sign", "key", type=click.Path(dir_okay=False), help="Our own catalogue, by this secret key.")
@click.option(
    "--expires", type=click.IntRange(1, 3650), default=None, help="Days our signatures are good for."
)
@click.option("--prune", is_flag=True, help="Let products go that no longer match or left the source.")
@click.option("--grace", default="3d", show_default=True, help="How long what nothing lists any more stays.")
@click.option("--parallel", type=click.IntRange(1, 64), help="Files fetched side by side.  [default: 8]")
@click.option("--allow-rollback", is_flag=True, help="Accept documents older than those accepted before.")
@click.option("--check", "only_check", is_flag=True, help="The same as `mirror verify DIR`.")
@click.option("--quarantine", is_flag=True, help="With verify, take damaged files out, to be fetched again.")
@json_option
@click.pass_context
def mirror(
    context: click.Context,
    *,
    words: tuple[str, ...],
    keyring: str | None,
    unverified: bool,
    most: int | None,
    keep: bool,
    path: str | None,
    roots: tuple[str, ...],
    bare: bool,
    dry_run: bool,
    progress: bool,
    verbose: int,
    verbatim: bool,
    key: str | None,
    expires: int | None,
    prune: bool,
    grace: str,
    parallel: int | None,
    allow_rollback: bool,
    only_check: bool,
    quarantine: bool,
    as_json: bool,
) -> None:
    """
    Mirror a signed source into a folder that any web server can serve, as sstream-mirror does.

    Filters are KEY=TEXT, KEY!=TEXT, KEY~REGEX and KEY!~REGEX over the attributes of each file, further
    KEY<NUMBER and KEY>=DAY, and (FILTER||FILTER) for any of several.

    `mirror verify DIR` hashes everything in DIR again, and fetches nothing.
    """
    if words[:1] == (VERIFY,) and not (keyring or unverified):  # who trusts a source means a folder so named
        words, only_check = words[1:], True
    if only_check:
        _check(words, quarantine=quarantine, as_json=as_json)
        return
    from tundish.app.mirroring import open_mirror
    from tundish.mirrors.wish import Wish
    from tundish.settings import load

    if len(words) < 2:
        raise click.UsageError("give SOURCE and DIR; see: tundish mirror --help")
    if verbatim and key:
        raise InputError("--verbatim and --sign are two kinds of catalogue; give one of them")
    wish = Wish(
        url=words[0],
        keyring=keyring_of(keyring, unverified=unverified),
        filters=words[2:],
        path=path,
        most=most,
        keep=keep,
        prune=prune,
        download=not bare,
        mirrors=roots,
        signed=True if key else False if verbatim else None,
        expires_days=expires or 0,
        grace=span(grace),
        allow_rollback=allow_rollback,
    )
    with open_mirror(
        load(state=context.find_root().obj),
        key=Path(key) if key else None,
        parallel=parallel,
        bounded=lambda: within(FILTER_SECONDS),
    ) as desk:
        root = Path(words[1]).absolute()
        if dry_run:
            _dry_run(wish, root, desk, as_json=as_json)
        else:
            _run(wish, root, desk, progress=progress, verbose=bool(verbose), as_json=as_json)


def _dry_run(wish: "Wish", root: Path, desk: "Desk", *, as_json: bool) -> None:
    from tundish.mirrors.run import prepare

    mirrored.show_plan(prepare(wish, root, desk), as_json=as_json)


def _run(wish: "Wish", root: Path, desk: "Desk", *, progress: bool, verbose: bool, as_json: bool) -> None:
    from tundish.cli.progress import shown
    from tundish.cli.sync import stoppable
    from tundish.mirrors import run

    with shown() if progress else nullcontext(Silence()) as watch, stoppable() as stop:

        def planned(prepared: "Prepared") -> None:
            mirrored.notes(prepared)
            for change in prepared.changes if verbose else ():
                click.echo(mirrored.line(change), err=True)
            watch.expect(prepared)

        def ended(outcome: "Outcome", error: TundishError) -> None:
            if as_json:  # for people, what failed says what there is to say
                mirrored.show_outcome(outcome, error, as_json=True)

        outcome = run.mirror(wish, root, desk, watch=watch, stop=stop, planned=planned, ended=ended)
    mirrored.show_outcome(outcome, as_json=as_json)


class Silence:
    """
    A watcher that says nothing; what failed is named at the end.
    """

    def expect(self, plan: "Files") -> None: ...

    def begun(self, file: "File") -> None: ...

    def moved(self, file: "File", count: int) -> None: ...

    def retried(self, file: "File", error: TundishError, delay: float) -> None: ...

    def ended(self, file: "File", error: TundishError | None) -> None: ...


def keyring_of(path: str | None, *, unverified: bool) -> bytes:
    """
    The keys that are given; none where nothing is to be verified, knowingly.

    Raises:
        InputError: neither is said, or it is no keyring.
    """
    from tundish.app.mirroring import read_keyring

    if unverified:
        click.echo("warning: nothing is verified (-U); whoever is on the way can change it", err=True)
        return b""
    if path is None:
        raise InputError("give the source's public keys: --keyring FILE (or, knowingly, -U)")
    return read_keyring(Path(path))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """
    A limit on pure work of the main thread: an expression can need longer than the universe is old.

    Raises:
        InputError: the time is over.
    """

    def over(_number: int, _frame: FrameType | None) -> None:
        raise InputError(f"the filters took over {seconds:g} s; write the expression without nested repeats")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _check(words: Sequence[str], *, quarantine: bool, as_json: bool) -> None:
    from tundish.app.mirroring import holder
    from tundish.mirrors.checking import check

    if len(words) != 1:
        raise click.UsageError("give the folder alone: tundish mirror verify DIR")
    checked = check(Path(words[0]).absolute(), quarantine=quarantine, holder=holder())
    mirrored.show_check(checked, as_json=as_json, quarantine=quarantine)
