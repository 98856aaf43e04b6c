"""
The table of views, in the order of the menu. A view is a module of `pages/` and its templates.
"""

from tundish.web.pages import front, images, overview
from tundish.web.visit import View

VIEWS: tuple[View, ...] = (
    View("Overview", "/", overview.ROUTES),
    View("Images", "/images", images.ROUTES),
)
FRONT = front.ROUTES  # outside the menu: log in, log out, the first admin, light and dark
