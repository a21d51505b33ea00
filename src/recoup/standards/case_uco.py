"""Writes the files of a case and their chain of custody in CASE/UCO (JSON-LD), for other tools.

Made of the bundle's custody and nothing else, so that anybody can make it again from there. Every
name of an object is a UUID derived from what it is: the same custody gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import rfc8785

CONTEXT: Final = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
Json = dict[str, Any]


def export(custody: Mapping[str, Any]) -> bytes:
    """The graph as canonical JSON."""
    graph = list(_graph(custody))
    return rfc8785.dumps({"@context": CONTEXT, "@graph": graph})


def _graph(custody: Mapping[str, Any]) -> Iterator[Json]:
    case = UUID(custody["case"]["id"])
    named: dict[str, Json] = {}
    objects: list[Json] = []
    for file in custody["files"]:
        objects += _file(case, file)
        for event in file["custody"]:
            objects.append(_action(case, file, event, named))
    yield {
        "@id": _id("investigation", case, "case"),
        "@type": "case-investigation:Investigation",
        "uco-core:name": custody["case"]["reference"],
        "uco-core:object": [{"@id": each["@id"]} for each in [*objects, *named.values()]],
    }
    yield from named.values()
    yield from objects


def _file(case: UUID, file: Mapping[str, Any]) -> Iterator[Json]:
    number, own = file["number"], _id("file", case, f"file {file['number']}")
    yield {
        "@id": own,
        "@type": "uco-observable:File",
        "uco-core:description": file["what"] or file["name"] or "erased",
        "uco-core:hasFacet": [_named(case, number, file), _content(case, number, file)],
    }
    yield {
        "@id": _id("provenance-record", case, f"exhibit {number}"),
        "@type": "case-investigation:ProvenanceRecord",
        "case-investigation:exhibitNumber": str(number),
        "uco-core:object": {"@id": own},
    }
    if file["redacted_copy_of"] is not None:
        yield {
            "@id": _id("relationship", case, f"redacted {number}"),
            "@type": "uco-core:Relationship",
            "uco-core:source": {"@id": own},
            "uco-core:target": {"@id": _id("file", case, f"file {file['redacted_copy_of']}")},
            "uco-core:kindOfRelationship": "Derived_From",
            "uco-core:isDirectional": _value("boolean", "true"),
        }


def _named(case: UUID, number: int, file: Mapping[str, Any]) -> Json:
    return {
        "@id": _id("file-facet", case, f"name {number}"),
        "@type": "uco-observable:FileFacet",
        "uco-observable:fileName": file["name"] or "erased",
        "uco-observable:sizeInBytes": _value("integer", str(file["size"])),
        "uco-observable:isDirectory": _value("boolean", "false"),
    }


def _content(case: UUID, number: int, file: Mapping[str, Any]) -> Json:
    return {
        "@id": _id("content-data-facet", case, f"content {number}"),
        "@type": "uco-observable:ContentDataFacet",
        "uco-observable:mimeType": file["media_type"],
        "uco-observable:sizeInBytes": _value("integer", str(file["size"])),
        "uco-observable:hash": {
            "@id": _id("hash", case, f"hash {number}"),
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": _value("hexBinary", file["sha256"].upper()),
        },
    }


def _action(
    case: UUID, file: Mapping[str, Any], event: Mapping[str, Any], named: dict[str, Json]
) -> Json:
    key = f"event {file['number']} {event['seq']}"
    performer = _who(case, "person", event["person"], named) if event["person"] else None
    body = _who(case, "organization", event["organisation"], named)
    found: Json = {
        "@id": _id("investigative-action", case, key),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": event["act"],
        "uco-action:startTime": _value("dateTime", event["at"]),
        "uco-action:endTime": _value("dateTime", event["at"]),
        "uco-action:performer": {"@id": performer or body},
        "uco-action:participant": [{"@id": body}],
        "uco-action:object": [{"@id": _id("file", case, f"file {file['number']}")}],
    }
    said = [f"{name}: {event[name]}" for name in ("why", "given_by", "given_to", "place", "seal")
            if event.get(name)]  # fmt: skip
    return found | ({"uco-core:description": "; ".join(said)} if said else {})


def _who(case: UUID, kind: str, name: str, named: dict[str, Json]) -> str:
    own = _id(kind, case, f"{kind} {name}")
    named[own] = {
        "@id": own,
        "@type": f"uco-identity:{'Person' if kind == 'person' else 'Organization'}",
        "uco-core:name": name,
    }
    return own


def _id(kind: str, case: UUID, key: str) -> str:
    return f"kb:{kind}-{uuid5(case, f'{kind} {key}')}"


def _value(kind: str, text: str) -> Json:
    return {"@type": f"xsd:{kind}", "@value": text}
