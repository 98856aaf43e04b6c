"""
The plan of a promotion on its way through the API.
"""

from tundish.api.nouns.channels import Promoted
from tundish.cli.afar.channels import difference_of
from tundish.publish.comparing import Compared
from tundish.publish.difference import Change, Difference

DIFFERENCE = Difference(
    appears=("debian/bookworm/amd64/ga-12@2",),
    goes=("debian/bookworm/amd64/ga-12@1",),
    changes=(
        Change(
            image="debian/bookworm/amd64/ga-12",
            before="1",
            after="2",
            added={"vim": "2:9.0"},
            removed={"nano": "7.2"},
            changed={"openssl": ("3.0.9", "3.0.11")},
            known=True,
        ),
    ),
)


def test_what_the_api_says_of_a_promotion_is_read_back_whole() -> None:
    """
    Down to the packages, whose two versions stay in their order.
    """
    said = Promoted.of(Compared(1, 2, DIFFERENCE)).model_dump(mode="json")

    assert DIFFERENCE == difference_of(said)
