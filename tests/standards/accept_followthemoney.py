"""Read files of FollowTheMoney with the library itself; run by a Python that has it.

Not a test: the library needs compiled ICU and is not among this project's packages. Ends with 1 and
a line for each thing that the library would refuse, change or drop.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from followthemoney import model
from followthemoney.exc import InvalidData


def faults_of(path: Path) -> list[str]:
    faults = []
    read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    schemas = {one["id"]: model[one["schema"]] for one in read}
    for one in read:
        schema = model[one["schema"]]
        try:
            schema.validate(one)
        except InvalidData as fault:
            faults.append(f"{path.name}: {one['id']}: {fault.errors}")
        unknown = set(one["properties"]) - set(schema.properties)
        missing = {name for name in schema.required if not one["properties"].get(name)}
        faults += [f"{path.name}: {one['id']}: {unknown=} {missing=}"] if unknown | missing else []
        proxy = model.get_proxy(one, cleaned=False)  # the library's own cleaning drops bad values
        for name in one["properties"].keys() - unknown:
            prop, values = schema.properties[name], one["properties"][name]
            if prop.type.name == "entity":
                ends = [schemas[value] for value in values if value in schemas]
                if len(ends) < len(values) or not all(end.is_a(prop.range) for end in ends):
                    faults.append(f"{path.name}: {one['id']}: {name} leads to no {prop.range.name}")
            if sorted(proxy.get(name)) != sorted(values):
                faults.append(f"{path.name}: {one['id']}: {name} {values} became {proxy.get(name)}")
    return faults


def main(names: list[str]) -> int:
    faults = [fault for name in names for fault in faults_of(Path(name))]
    print("\n".join(faults) if faults else f"{len(names)} files accepted")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
