"""Django as a WSGI application; ``asgi`` runs it in a thread pool.

All addresses and their pages are loaded before the first request: on a busy machine that took
seconds, of a report that could have held money.
"""

from __future__ import annotations

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.web.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402

get_resolver()._populate()  # noqa: SLF001
gc.freeze()  # what was loaded stays, and is not searched for garbage again
