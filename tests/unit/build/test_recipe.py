"""
What a recipe is, and what names it.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.recipes import RECIPE
from tundish.build.recipe import Recipe, bootable_set
from tundish.core.errors import InputError


def test_the_order_of_packages_does_not_matter() -> None:
    """
    The same intent has the same id.
    """
    assert RECIPE.content_id == replace(RECIPE, packages=RECIPE.packages[::-1]).content_id


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, packages=(*RECIPE.packages, "vim")),
        replace(RECIPE, epoch=RECIPE.epoch + 1),
        replace(RECIPE, series="trixie"),
        replace(RECIPE, sources=("Types: deb\n",)),
    ],
)
def test_another_intent_has_another_id(other: Recipe) -> None:
    """
    Every field counts.
    """
    assert RECIPE.content_id != other.content_id


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: replace(RECIPE, packages=()),
        lambda: replace(RECIPE, packages=("vim; reboot",)),
        lambda: replace(RECIPE, packages=("--option",)),
        lambda: replace(RECIPE, packages=("vim",) * 1001),
        lambda: replace(RECIPE, sources=()),
        lambda: replace(RECIPE, epoch=-1),
        lambda: replace(RECIPE, epoch=2**32),
        lambda: replace(RECIPE, series="../x"),
        lambda: replace(RECIPE, version="twelve"),
        lambda: replace(RECIPE, arch=""),
    ],
)
def test_a_recipe_that_makes_no_sense_cannot_be_made(spoil: Callable[[], Recipe]) -> None:
    """
    Bad names never reach a command line.
    """
    with pytest.raises(InputError):
        spoil()


def test_the_bootable_set_has_a_kernel_an_init_and_the_initrds_tools() -> None:
    """
    What an image cannot boot without.
    """
    assert {"linux-image-cloud-amd64", "systemd-sysv", "busybox-static"} <= set(
        bootable_set("debian", "amd64")
    )


def test_an_unknown_architecture_says_what_to_do() -> None:
    """
    No kernel is guessed.
    """
    with pytest.raises(InputError, match="name the packages"):
        bootable_set("debian", "vax")
