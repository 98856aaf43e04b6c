"""
`tundish machine`: who asked to boot, and what became of it.
"""

from collections.abc import Sequence

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core.image import Json
from tundish.core.machine import Deployment, Machine


@click.group(
    cls=Noun,
    example="""
    tundish machine list
    tundish machine show 52:54:00:12:34:56
    """,
)
def machine() -> None:
    """
    List and show the machines that asked to boot.
    """


@machine.command("list", example="tundish machine list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the machines by MAC address.
    """
    with opened(context) as app:
        found = app.catalog.machines.list()
    say_all(found, as_json=as_json)


def say_all(found: Sequence[Machine], *, as_json: bool) -> None:
    if as_json:
        answer([_fields(each) for each in found])
        return
    table(
        ["MAC", "MACHINE ID", "FIRST SEEN", "LAST SEEN", "DEPLOYMENTS"],
        [
            (
                each.mac,
                each.machine_id or "-",
                time_text(each.first_seen),
                time_text(each.last_seen),
                str(each.deployments),
            )
            for each in found
        ],
        empty="no machine has asked to boot yet; serve images: tundish serve",
    )


def _fields(each: Machine) -> dict[str, Json]:
    return {
        "mac": each.mac,
        "uuid": each.uuid,
        "machine_id": each.machine_id,
        "first_seen": each.first_seen.isoformat(),
        "last_seen": each.last_seen.isoformat(),
        "deployments": each.deployments,
    }


def _deployment(each: Deployment) -> Json:
    return {
        "image": each.image,
        "version": each.version,
        "root_sha256": each.root.hex,
        "started_at": each.started_at.isoformat(),
        "reported_at": each.reported_at.isoformat() if each.reported_at else None,
    }


@machine.command(example="tundish machine show 52:54:00:12:34:56")
@click.argument("mac")
@json_option
@click.pass_context
def show(context: click.Context, *, mac: str, as_json: bool) -> None:
    """
    Show a machine and what it booted, the newest first.
    """
    with opened(context) as app:
        found = app.catalog.machines.get(mac)
        deployments = app.catalog.machines.deployments(found.mac)
    say_one(found, deployments, as_json=as_json)


def say_one(found: Machine, deployments: Sequence[Deployment], *, as_json: bool) -> None:
    if as_json:
        answer({**_fields(found), "history": [_deployment(each) for each in deployments]})
        return
    click.echo(f"mac         {found.mac}\nuuid        {found.uuid or '-'}")
    click.echo(f"machine id  {found.machine_id or '-'}\nlast seen   {time_text(found.last_seen)}\n")
    table(
        ["IMAGE", "VERSION", "ROOT SHA256", "ASKED", "REPORTED"],
        [
            (
                each.image,
                each.version,
                each.root.hex[:16],
                time_text(each.started_at),
                time_text(each.reported_at) if each.reported_at else "not yet",
            )
            for each in deployments
        ],
        empty="it asked to boot, but there was nothing to boot; see: tundish image list",
    )
