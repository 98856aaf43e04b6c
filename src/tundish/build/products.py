"""
What a build offers: a product that boots, and one whose root can be unpacked onto a disk.

Pure. The keys are those that MAAS requires of the two shapes; one products file for each shape.
"""

from dataclasses import dataclass

from tundish.build.built import Built
from tundish.build.recipe import Recipe
from tundish.core.image import Extra, Item, Product, Version
from tundish.core.names import VersionName, content_id, item_name, item_path, product_name
from tundish.store.blobs import Blob

BOOT, BASES = "org.tundish:{label}:v3:download", "org.tundish:{label}:{os}-bases-download"
NO_END = "2099-01-01"  # MAAS requires the key; tundish does not know when support ends


def products_of(
    built: Built,
    recipe: Recipe,
    version: VersionName,
    label: str = "stable",
    support_eol: str = NO_END,
) -> tuple[Product, ...]:
    """
    Both products of a build, each with this one version.
    """
    offer = _Offer(built, recipe, version, label, support_eol)
    return offer.boot(), offer.bases()


@dataclass(frozen=True, slots=True)
class _Offer:
    built: Built
    recipe: Recipe
    version: VersionName
    label: str
    support_eol: str

    def boot(self) -> Product:
        recipe, kernel = self.recipe, f"ga-{self.recipe.version}"
        folder = f"{recipe.series}/{recipe.arch}/{self.version}"
        package: Extra = {"kpackage": self.built.kernel_package.name}
        boot = f"{folder}/{kernel}/generic"
        items = (
            _item("boot-initrd", f"{boot}/boot-initrd", self.built.initrd, package),
            _item("boot-kernel", f"{boot}/boot-kernel", self.built.kernel, package),
            _item("manifest", f"{folder}/squashfs.manifest", self.built.manifest, {}),
            _item("squashfs", f"{folder}/squashfs", self.built.squashfs, {}),
        )
        extra: Extra = {"kflavor": "generic", "krel": recipe.series, "subarches": f"generic,{kernel}"}
        name = f"org.tundish.{self.label}:v3:boot:{recipe.version}:{recipe.arch}:{kernel}"
        return self._product(name, BOOT, kernel, items, extra)

    def bases(self) -> Product:
        recipe = self.recipe
        folder = f"{recipe.os}/{recipe.series}/{recipe.arch}/{self.version}"
        items = (
            _item("manifest", f"{folder}/root-tgz.manifest", self.built.manifest, {}),
            _item("root-tgz", f"{folder}/root-tgz", self.built.root_tgz, {}),
        )
        name = f"org.tundish.{self.label}:{recipe.os}-bases:{recipe.version}:{recipe.arch}"
        return self._product(name, BASES, "generic", items, {"subarches": "generic"})

    def _product(self, name: str, content: str, kernel: str, items: tuple[Item, ...], more: Extra) -> Product:
        recipe = self.recipe
        extra: Extra = {
            "version": recipe.version,
            "release_codename": recipe.series.capitalize(),
            "support_eol": self.support_eol,
            **more,
        }
        return Product(
            name=product_name(name),
            content_id=content_id(content.format(label=self.label, os=recipe.os)),
            os=recipe.os,
            series=recipe.series,
            arch=recipe.arch,
            label=self.label,
            kernel=kernel,
            title=recipe.title,
            versions=(Version(self.version, items),),
            extra=extra,
        )


def _item(ftype: str, path: str, blob: Blob, extra: Extra) -> Item:
    return Item(item_name(ftype), ftype, item_path(path), blob.size, blob.digest, extra)
