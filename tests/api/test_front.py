from tests.api.door import BROKEN, call
from tundish import __version__


def test_the_process_is_healthy_whatever_the_store_does() -> None:
    """
    /healthz says that the process runs, and its version.
    """
    assert {"status": "ok", "version": __version__} == call("/healthz", views=BROKEN).document


def test_a_door_whose_store_fails_is_not_ready() -> None:
    """
    /readyz fails while catalog or store cannot answer.
    """
    assert (200, 507) == (call("/readyz").status, call("/readyz", views=BROKEN).status)


def test_the_interface_is_described() -> None:
    """
    The description of the interface names every list.
    """
    paths = call("/api/v1/openapi.json").document["paths"]
    nouns = (
        "images",
        "sources",
        "selections",
        "machines",
        "deployments",
        "jobs",
        "events",
        "notices",
        "sync",
        "usage",
    )

    assert {f"/api/v1/{noun}" for noun in nouns} <= set(paths if isinstance(paths, dict) else ())
