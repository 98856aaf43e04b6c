"""
Deeds on notices: putting one aside.
"""

from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.notice import Notice
from tundish.core.people import Actor, Power


def dismiss(app: App, actor: Actor, number: int) -> Notice:
    """
    Put a notice aside for two weeks.

    Raises:
        NotFound: there is none of this number.
    """
    with deed(app.catalog.audit, actor, Power.NOTICE_EDIT, "notice.dismiss", name=str(number)) as account:
        found = app.catalog.notices.dismiss(number, clock.now())
        account.after = {"kind": found.kind, "subject": found.subject, "text": found.text}
        return found
