"""
The table of views, in the order of the menu. A view is a module of `pages/` and its templates.
"""

from tundish.core.people import Power
from tundish.web.pages import (
    audit,
    bundles,
    channels,
    front,
    image,
    images,
    jobs,
    machines,
    overview,
    people,
    select,
    settings,
    sources,
    uploads,
)
from tundish.web.visit import View

VIEWS: tuple[View, ...] = (
    View("Overview", "/", overview.ROUTES),
    View("Images", "/images", (*images.ROUTES, *image.ROUTES)),
    View("Select images", "/select", select.ROUTES),
    View("Sources", "/sources", sources.ROUTES),
    View("Channels", "/channels", channels.ROUTES),
    View("Uploads", "/uploads", uploads.ROUTES),
    View("Jobs", "/jobs", jobs.ROUTES),
    View("Machines", "/machines", machines.ROUTES),
    View("Bundles", "/bundles", bundles.ROUTES, Power.BUNDLE),
    View("Audit", "/audit", audit.ROUTES, Power.AUDIT_SEE),
    View("Users and tokens", "/people", people.ROUTES),
    View("Settings", "/settings", settings.ROUTES),
)
FRONT = front.ROUTES  # outside the menu: log in, log out, the first admin, light and dark
