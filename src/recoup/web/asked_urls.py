"""Addresses of the desk of those who are asked for data or for an act."""

from __future__ import annotations

from django.urls import path

from recoup.web import asked_acts, asked_list, asked_page, asked_profile

urlpatterns = [
    path("asked", asked_list.inbox, name="asked"),
    path("asked/live", asked_list.live, name="asked-live"),
    path("asked/next", asked_list.take_next, name="asked-next"),
    path("asked/done", asked_list.done, name="asked-done"),
    path("asked/figures", asked_profile.figures, name="asked-figures"),
    path("asked/profile", asked_profile.profile, name="asked-profile"),
    path("asked/profile/change", asked_profile.change, name="asked-profile-change"),
    path("asked/<uuid:asked_id>", asked_page.one, name="asked-one"),
    path("asked/<uuid:asked_id>/order", asked_page.order, name="asked-order"),
    path("asked/<uuid:asked_id>/receipt", asked_page.receipt, name="asked-receipt"),
    path("asked/<uuid:asked_id>/file", asked_page.file, name="asked-file"),
    path("asked/<uuid:asked_id>/take", asked_list.take, name="asked-take"),
    path("asked/<uuid:asked_id>/stand-in", asked_list.stand_in, name="asked-stand-in"),
    path("asked/<uuid:asked_id>/release", asked_list.release, name="asked-release"),
    # By its end this path takes files: see BODY_LIMITS_BYTES.
    path("asked/<uuid:asked_id>/answer/files", asked_acts.answer, name="asked-answer"),
    path("asked/<uuid:asked_id>/ask", asked_acts.ask, name="asked-ask"),
    path("asked/<uuid:asked_id>/costs", asked_acts.costs, name="asked-costs"),
    path("asked/<uuid:asked_id>/released", asked_acts.released, name="asked-released"),
    path("asked/<uuid:asked_id>/called", asked_acts.called, name="asked-called"),
    path("asked/<uuid:asked_id>/doubt", asked_acts.doubt, name="asked-doubt"),
    path("asked/<uuid:asked_id>/doubt/lift", asked_acts.lift, name="asked-lift"),
]
