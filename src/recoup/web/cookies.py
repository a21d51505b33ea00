"""The cookie of a page's messages, which a browser takes over https and from here only."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class _Cookie(CookieStorage):
    cookie_name = "__Host-messages" if settings.IS_TLS else "messages"


class Messages(FallbackStorage):
    """Short messages travel in the cookie, long ones in the session."""

    storage_classes = (_Cookie, SessionStorage)
