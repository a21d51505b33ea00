"""Recoup: report, hold, trace, request, seize, give back; one hub for all who take part."""

from typing import Final

__version__: Final = "0.1.0"
