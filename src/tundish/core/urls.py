"""
Addresses as people may see them.
"""

from urllib.parse import urlsplit


def without_password(url: str) -> str:
    """
    A URL as it may be shown: who logs in, and with what, is masked.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]).geturl()
