"""
A recipe and what its build would leave, without building anything.
"""

from tundish.anatomy.packages import Package
from tundish.build.built import Built
from tundish.build.recipe import Recipe
from tundish.core.digest import Digest
from tundish.store.blobs import Blob

RECIPE = Recipe(
    os="debian",
    series="bookworm",
    version="12",
    title="12 (bookworm)",
    arch="amd64",
    packages=("systemd-sysv", "linux-image-cloud-amd64"),
    epoch=1_700_000_000,
    sources=("Types: deb\nURIs: http://archive.example.org\nSuites: bookworm\nComponents: main\n",),
)


def blob(text: bytes) -> Blob:
    return Blob(Digest.of(text), len(text))


BUILT = Built(
    recipe=RECIPE.content_id,
    release="6.1.0-1-amd64",
    kernel_package=Package("linux-image-6.1.0-1-amd64", "6.1.1-1"),
    packages=(Package("linux-image-6.1.0-1-amd64", "6.1.1-1"),),
    kernel=blob(b"kernel"),
    initrd=blob(b"initrd"),
    squashfs=blob(b"squashfs"),
    root_tgz=blob(b"root"),
    manifest=blob(b"manifest"),
    steps=(),
)
