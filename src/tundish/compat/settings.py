"""
`maas/`: the settings that concern images, under MAAS's names. What nothing here follows cannot be changed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from tundish.app.deeds import settings
from tundish.app.opened import App
from tundish.compat import answers
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Faults, Form
from tundish.compat.multipart import Part
from tundish.core.errors import InputError
from tundish.core.holding import OWN
from tundish.core.image import Json
from tundish.core.lifecycle import State
from tundish.core.people import Power
from tundish.intake.naming import DEFAULT_BASE

_MINUTES = 60  # seconds
Change: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Setting:
    """
    `make`: what a text makes of it; None where it is for reading only.
    """

    read: Callable[[App], Json]
    make: Callable[[App, str], Change] | None = None


def get_config(call: Call) -> Answer:
    name = call.query.text("name") or ""
    setting = _SETTINGS.get(name)
    if setting is None:
        return _unknown(name)
    value = setting.read(call.app)
    if name == "http_proxy" and isinstance(value, str) and not call.actor.may(Power.SETTING_EDIT):
        value = without_login(value)
    return answers.json(value)


def without_login(url: str) -> str:
    """
    An address without the name and password in it.
    """
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def set_config(call: Call) -> Answer:
    """
    Change a setting; one that is as wanted already may be any.
    """
    call.actor.must(Power.SETTING_EDIT)
    name, value = call.form.text("name") or "", call.form.text("value")
    setting = _SETTINGS.get(name)
    if setting is None:
        return _unknown(name)
    faults = Faults()
    if value is None:
        faults.add("value", "This field is required.")
        return answers.invalid(faults)
    if setting.make is None:
        if value not in _spellings(setting.read(call.app)):
            faults.add(name, f"{name} is fixed here; nothing of this server follows it")
            return answers.invalid(faults)
        return answers.done()
    with faults.of(name):
        settings.change(call.app, call.actor, setting.make(call.app, value))
    return answers.invalid(faults) if faults else answers.done()


def _unknown(name: str) -> Answer:
    faults = Faults()
    faults.add(
        name[:80] or "name", f"{name[:80]} is not a known config setting; one of {', '.join(_SETTINGS)}"
    )
    return answers.invalid(faults)


def _spellings(value: Json) -> tuple[str, ...]:
    """
    How clients may write a value.
    """
    if isinstance(value, bool):
        return ("true", "True", "1") if value else ("false", "False", "0", "")
    return ("",) if value is None else (value if isinstance(value, str) else json.dumps(value),)


def _commissioning(app: App) -> tuple[str, str]:
    os, _, series = (settings.chosen(app).commissioning or DEFAULT_BASE).partition("/")
    return os, series


def _set_auto(_: App, value: str) -> Change:
    return {"sync_on": _flag(value)}


def _set_interval(_: App, value: str) -> Change:
    number = Form((Part("value", value.encode(), None),)).number("value")
    return {"sync_every": _MINUTES * min(number or 0, 10**6)}


def _set_os(app: App, value: str) -> Change:
    return _chosen(app, value, _commissioning(app)[1], all_series=True)


def _set_series(app: App, value: str) -> Change:
    os, slash, series = value.partition("/")
    return _chosen(app, os, series) if slash else _chosen(app, _commissioning(app)[0], value)


def _chosen(app: App, os: str, series: str, *, all_series: bool = False) -> Change:
    """
    Raises:
        InputError: there is no image of it.
    """
    held = {
        (each.product.os, each.product.series)
        for each in app.catalog.images.list(states=[State.COMPLETE])
        if each.source != OWN and each.version.is_bootable
    }
    systems = {known for known, _ in held}
    if (all_series and os not in systems) or (not all_series and (os, series) not in held):
        listed = ", ".join(sorted(f"{known}/{release}" for known, release in held)) or "none yet"
        raise InputError(
            f"'{os if all_series else series}' is not available for commissioning; there are images of: "
            f"{listed}"
        )
    return {"commissioning": f"{os}/{series}"}


def _flag(value: str) -> bool:
    return bool(Form((Part("value", value.encode(), None),)).flag("value"))


def _fixed(value: Json) -> _Setting:
    return _Setting(lambda _: value)


_SETTINGS: Mapping[str, _Setting] = {
    "boot_images_auto_import": _Setting(lambda app: settings.chosen(app).sync_on, _set_auto),
    "boot_images_import_interval_minutes": _Setting(
        lambda app: settings.chosen(app).sync_every // _MINUTES, _set_interval
    ),
    "boot_images_no_proxy": _fixed(value=False),
    "enable_http_proxy": _fixed(value=True),
    "http_proxy": _Setting(lambda app: app.settings.http_proxy),
    "commissioning_osystem": _Setting(lambda app: _commissioning(app)[0], _set_os),
    "commissioning_distro_series": _Setting(lambda app: _commissioning(app)[1], _set_series),
    "default_osystem": _Setting(lambda app: _commissioning(app)[0]),
    "default_distro_series": _Setting(lambda app: _commissioning(app)[1]),
    "default_min_hwe_kernel": _fixed(""),
    "kernel_opts": _Setting(lambda app: app.settings.kernel_arguments or None),
    "enable_kernel_crash_dump": _fixed(value=False),
    "curtin_verbose": _fixed(value=True),
    "force_v1_network_yaml": _fixed(value=False),
    "use_rack_proxy": _fixed(value=True),
    "enable_third_party_drivers": _fixed(value=True),
}
