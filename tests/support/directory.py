"""Entries of the directory that were changed, under two organisations."""

from __future__ import annotations

from support.world import World


def renumbered(world: World, organisation_id: int, number: str, *, days_ago: int) -> None:
    """The entry's number changed, so many days ago."""
    world.run(
        "insert into members_directorychange (id, organisation_id, changes, before, ground, "
        "proposed_by_id, proposed_at, decided_by_id, decided_for_id, decided_at, is_agreed, "
        "called_number, told, acts_at, acted_at, stop_ground) select gen_random_uuid(), o.id, "
        "jsonb_build_object('contact_phone', %s::text), "
        "jsonb_build_object('contact_phone', o.contact_phone), 'Moved.', a.id, t.at - interval "
        "'2 days', b.id, (select min(id) from members_organisation where id <> o.id), "
        "t.at - interval '1 day', true, o.contact_phone, 'They said so.', t.at, t.at, '' "
        "from members_organisation o, members_person a, members_person b, "
        "(select now() - make_interval(days => %s) as at) t where o.id = %s and a.id <> b.id "
        "limit 1", number, days_ago, organisation_id,
    )  # fmt: skip
    world.run(
        "update members_organisation set contact_phone = %s where id = %s", number, organisation_id
    )
