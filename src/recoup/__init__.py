"""Recoup: report, hold, trace, request, seize, give back; one hub for all who take part."""
