"""
An image of one's own in two versions, with a real root in the store and a check of it.
"""

import gzip

from tests.support.roots import root_tgz, tar_of
from tundish.app.deeds import uploads
from tundish.app.examined import make_available
from tundish.app.opened import App
from tundish.core.holding import Holding
from tundish.core.people import EVERYTHING, Actor
from tundish.intake.naming import asked

ADA = Actor("ada", EVERYTHING, "command")
REF = "custom/rocky9/amd64"


def bring(app: App) -> None:
    """
    Two versions, the newer one with other content.
    """
    for salt in ("", "newer"):
        content = root_tgz(60_000 if salt else 40_000, salt)
        wish = asked("custom/rocky9", base_image="rhel/9")
        number = uploads.begin(app, ADA, wish, len(content), None).id
        upload = uploads.append(app, ADA, number, 0, [content])
        if upload.holding is not None:
            make_available(app, app.catalog.images.get(upload.holding), keep_old=True)


def unfit(app: App) -> Holding:
    """
    A version that was found unfit and waits to be accepted.
    """
    content = gzip.compress(tar_of().getvalue(), mtime=0) + bytes(100)
    number = uploads.begin(app, ADA, asked("custom/rocky9"), len(content), None).id
    upload = uploads.append(app, ADA, number, 0, [content])
    assert upload.holding is not None
    return app.catalog.images.get(upload.holding)
