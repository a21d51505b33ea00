"""`./recoup drill poison` (D11): something that cannot be planned stands in the work list.

It is put there behind the hub's back, amid good reports, and tried again and again; in the end
it is parked with a task for a named person, and nothing else waits for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from recoup.cli import drill_faults, drill_frauds, environment, instance, load_banks, measured
from recoup.cli.drill_hub import file_report, rows, superuser, wait_for
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish

PARKED_SECONDS: Final = 60.0
OTHERS_SECONDS: Final = 30.0
DRILL: Final = Drill(
    "poison",
    "A poisoned report (D11)",
    """\
Amid good reports stand some that no planner can take in: they are in a currency that nobody knows.
They are written behind the hub's back, since nothing that arrives can be like that. Each is tried
three times, then parked, and a named person has a task that says why; every good report, before and
after, has its case and its tickets. The tries are three and not eight: a try takes no network, so a
fourth would end like the third.""",
    {
        "never_parked": Fault(
            "what cannot be planned is tried for ever and nobody is told", "is not parked"
        )
    },
)
POISON: Final = """
insert into reports_report select (jsonb_populate_record(r, jsonb_build_object(
  'id', gen_random_uuid(), 'client_id', gen_random_uuid(), 'opened_at', null,
  'reference', %s::text, 'currency', 'ZZZ'))).*
from reports_report r order by received_at limit 1 returning id::text
"""
PARKED: Final = """
select p.about::text, p.tries, t.person_id is not null from holds_plantrouble p
left join cases_task t on t.about = p.about and t.kind = 'planning_failed' and t.done_at is null
where p.parked_at is not null and p.about::text = any(%s)
"""
CASES: Final = """
select count(distinct r.id) from reports_report r join cases_case k on k.report_id = r.id
join lawful_requests_ticket t on t.case_id = k.id and t.sent_at is not null
where r.reference = any(%s)
"""


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    parser = DRILL.parser()
    parser.add_argument("--reports", type=int, default=12, help="good reports (12)")
    options = parser.parse_args(argv)
    run = Run(command_of(DRILL, options, "--reports", str(options.reports)))
    folder = environment.VAR / "drill" / "poison"
    shutil.rmtree(folder, ignore_errors=True)
    module = drill_faults.MODULE if options.fault else "recoup"
    variables = {"RECOUP_DRILL_FAULT": options.fault or ""}
    with instance.running(folder / "hub", module=module, variables=variables) as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = load_banks.enrol(hub.databases, folder / "hub")
        frauds = drill_frauds.write(
            folder / "banks", count=options.reports, seed=options.seed, at=datetime.now(UTC)
        )
        references = [file_report(hub, keys, frauds[0])]
        poisons = [
            rows(superuser(hub), POISON, f"PO-{options.seed % 10_000:04}-{number:04}")[0][0]
            for number in range(3)
        ]
        references += [file_report(hub, keys, fraud) for fraud in frauds[1:]]
        planner = hub.databases.planner

        def all_planned() -> bool:
            return bool(rows(planner, CASES, references)[0][0] == len(references))

        took = wait_for(all_planned, OTHERS_SECONDS)
        run.line("good reports with a case and tickets", str(len(references)),
                 rows(planner, CASES, references)[0][0], took is not None)  # fmt: skip
        run.line("the last of them after, s", f"≤ {OTHERS_SECONDS:.0f}",
                 "never" if took is None else f"{took:.1f}")  # fmt: skip
        if took is None:
            run.problems.append("good reports wait because of others that cannot be planned")
        parked = wait_for(lambda: len(rows(planner, PARKED, poisons)) == 3, PARKED_SECONDS)
        found = rows(planner, PARKED, poisons)
        run.line("poisoned reports parked", "3", len(found), parked is not None)
        run.line("parked after, s", f"≤ {PARKED_SECONDS:.0f}",
                 "never" if parked is None else f"{parked:.1f}")  # fmt: skip
        for about in set(poisons) - {str(row[0]) for row in found}:
            run.problems.append(f"report {about} cannot be planned and is not parked")
        for about, tries, has_person in found:
            if not has_person:
                run.problems.append(f"report {about} was parked after {tries} tries; nobody knows")
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)
