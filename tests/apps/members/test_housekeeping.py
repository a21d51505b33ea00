"""What the worker's housekeeping deletes, and as whom."""

from __future__ import annotations

import uuid

from recoup.apps.members.housekeeping_operations import forget_given_answers
from support.roles import as_planner
from support.world import World


def test_old_answers_to_keys_are_forgotten_and_new_ones_kept(world: World) -> None:
    bank = world.run("select id from members_organisation where code = 'quince'")[0][0]
    for days in (1, 29, 31, 400):
        world.run(
            "insert into members_givenanswer (organisation_id, key, request_sha256, status, body,"
            " given_at) values (%s, %s, '', 200, '', now() - make_interval(days => %s))",
            bank, uuid.uuid4(), days,
        )  # fmt: skip
    with as_planner():
        assert forget_given_answers() == 2
    assert world.run("select count(*) from members_givenanswer") == [(2,)]
