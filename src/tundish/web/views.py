"""
The table of views, in the order of the menu. A view is a module of `pages/` and its templates.
"""

from tundish.web.pages import front, image, images, jobs, overview, select, sources
from tundish.web.visit import View

VIEWS: tuple[View, ...] = (
    View("Overview", "/", overview.ROUTES),
    View("Images", "/images", (*images.ROUTES, *image.ROUTES)),
    View("Select images", "/select", select.ROUTES),
    View("Sources", "/sources", sources.ROUTES),
    View("Jobs", "/jobs", jobs.ROUTES),
)
FRONT = front.ROUTES  # outside the menu: log in, log out, the first admin, light and dark
