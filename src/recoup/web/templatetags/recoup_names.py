"""Filters that name organisations and contact points in the reader's language."""

from __future__ import annotations

from django import template

from recoup.web import names

register = template.Library()


@register.filter
def org(name: str) -> str:
    """``{{ row.owner_name|org }}``: an organisation, or a person of one."""
    return names.organisation_name(str(name)) if name else ""


@register.filter
def contact(name: str) -> str:
    """``{{ addressee.contact_name|contact }}``: a contact point."""
    return names.contact_name(str(name)) if name else ""
