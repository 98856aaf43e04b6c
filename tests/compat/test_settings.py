"""
The settings of images under MAAS's names.
"""

import pytest

from tests.compat.conftest import Region
from tundish.compat.settings import without_login


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("boot_images_no_proxy", False),
        ("enable_http_proxy", True),
        ("http_proxy", None),
        ("commissioning_osystem", "ubuntu"),
        ("commissioning_distro_series", "noble"),
        ("default_osystem", "ubuntu"),
        ("default_distro_series", "noble"),
        ("default_min_hwe_kernel", ""),
        ("kernel_opts", None),
        ("enable_third_party_drivers", True),
    ],
)
def test_settings_begin_as_with_maas(region: Region, name: str, value: object) -> None:
    """
    Clients read them before they change any.
    """
    assert value == region.cli.do("maas", "get-config", f"name={name}").json


def test_automatic_syncs_are_turned_off_and_on(region: Region) -> None:
    """
    At once, and it is read again as it was set.
    """
    cli, seen = region.cli, []
    for value in ("false", "true"):
        assert "OK" == cli.do("maas", "set-config", "name=boot_images_auto_import", f"value={value}").text
        seen.append(cli.do("maas", "get-config", "name=boot_images_auto_import").json)

    assert [False, True] == seen


def test_the_interval_is_set_in_minutes(region: Region) -> None:
    """
    Which newer clients do.
    """
    cli, name = region.cli, "name=boot_images_import_interval_minutes"
    cli.do("maas", "set-config", name, "value=90")

    assert 90 == cli.do("maas", "get-config", name).json


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_such_setting", "1"),
        ("boot_images_auto_import", "perhaps"),
        ("boot_images_import_interval_minutes", "0"),
        ("commissioning_distro_series", "nothing"),
        ("kernel_opts", "quiet"),
    ],
)
def test_what_cannot_be_set_is_refused(region: Region, name: str, value: str) -> None:
    """
    An unknown name, a value that is none, a series without images, what nothing here follows.
    """
    assert 400 == region.cli.do("maas", "set-config", f"name={name}", f"value={value}").status


def test_what_is_so_already_may_be_set(region: Region) -> None:
    """
    A client that sets all settings, changed or not, is not stopped by it.
    """
    assert 200 == region.cli.do("maas", "set-config", "name=curtin_verbose", "value=true").status


def test_racks_are_told_to_fetch_and_do_nothing(region: Region) -> None:
    """
    As newer MAAS does.
    """
    assert 202 == region.cli.do("rack-controllers", "import-boot-images").status


def test_the_password_of_a_proxy_is_left_out() -> None:
    """
    Whoever may read settings need not know it.
    """
    assert "http://proxy.lan:3128" == without_login("http://ann:s3cret@proxy.lan:3128")
