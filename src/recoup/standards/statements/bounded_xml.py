"""XML read piece by piece, without anything that XML can do besides holding text.

No document type, so no entities and no file or address that it could fetch; bounded in size,
depth, elements and text. Comments and processing instructions say nothing and split no value.
The parser is the standard library's expat, which gives the line of each element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from recoup.core.said import Said
from recoup.standards.statements.faults import Faults, NotReadable

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_DEPTH: Final = 40
MAX_KEPT: Final = 500_000
MAX_TEXT: Final = 64_000
MAX_ATTRIBUTES: Final = 40
PIECE: Final = 1 << 18


@dataclass(slots=True)
class Element:
    """One element with what is in it.

    name: without namespace. line: where it begins. number: among the elements that are kept.
    """

    name: str
    namespace: str
    line: int
    attributes: dict[str, str]
    children: list[Element]
    text: str
    number: int

    def all(self, *path: str) -> list[Element]:
        """Return every element at the path."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        return found

    def first(self, *path: str) -> Element | None:
        """Return the first element at the path, or None."""
        one = self
        for name in path:
            for child in one.children:
                if child.name == name:
                    one = child
                    break
            else:
                return None
        return one

    def value(self, *path: str) -> str:
        """Return the text of the first element at the path, without spaces at its ends."""
        one = self.first(*path)
        return "" if one is None else one.text.strip()


#: Called with an element that has ended and those it stands in; True lets go of the element.
Ended = Callable[[Element, list[Element]], bool]


class _Reader:
    """Builds elements and hands over the ended ones."""

    def __init__(self, faults: Faults, ended: Ended, names: frozenset[str]) -> None:
        self.faults, self.ended, self.names = faults, ended, names
        self.open: list[Element] = []
        self.kept = 0
        self.split: dict[str, tuple[str, str]] = {}
        self.parser = parser = expat.ParserCreate(namespace_separator="|")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartDoctypeDeclHandler = self.doctype

    def refuse(self, problem: str, value: str = "") -> NotReadable:
        where = "/".join(one.name for one in self.open[-6:])
        return self.faults.refuse(self.parser.CurrentLineNumber, where, value, problem)

    def doctype(self, name: str, *_rest: object) -> None:
        raise self.refuse(
            Said("A document type is declared. Send the file without DOCTYPE and entities."), name
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.kept += 1
        inside = self.open
        if len(inside) >= MAX_DEPTH or self.kept > MAX_KEPT:
            raise self.refuse(Said("The elements are nested too deep, or are too many."))
        if len(attributes) > MAX_ATTRIBUTES:
            raise self.refuse(Said("An element has too many attributes."))
        names = self.split.get(name)
        if names is None:
            namespace, _, local = name.rpartition("|")
            names = self.split[name] = (local, namespace)
        one = Element(
            names[0], names[1], self.parser.CurrentLineNumber, attributes, [], "", self.kept
        )
        if inside:
            inside[-1].children.append(one)
        inside.append(one)

    def end(self, _name: str) -> None:
        one = self.open.pop()
        if one.name in self.names and self.ended(one, self.open) and self.open:
            self.open[-1].children.pop()
            self.kept = one.number - 1

    def characters(self, text: str) -> None:
        one = self.open[-1]
        one.text += text
        if len(one.text) > MAX_TEXT:
            raise self.refuse(Said("The text of an element is too long."))


def read_xml(document: bytes, *, names: frozenset[str], ended: Ended, faults: Faults) -> None:
    """Read a document, calling ``ended`` for each element of these names; raises NotReadable."""
    if len(document) > MAX_BYTES:
        problem = Said(
            "The file has %(given)s bytes; at most %(most)s. Divide the file.",
            given=f"{len(document):,}", most=f"{MAX_BYTES:,}",
        )  # fmt: skip
        raise faults.refuse(0, "", "", problem)
    reader = _Reader(faults, ended, names)
    try:
        for begin in range(0, len(document), PIECE):
            reader.parser.Parse(document[begin : begin + PIECE], False)
        reader.parser.Parse(b"", True)
    except expat.ExpatError as fault:
        problem = Said(
            "This is not whole XML: %(fault)s. Ask for the file again.",
            fault=expat.ErrorString(fault.code),
        )
        raise faults.refuse(fault.lineno, "", "", problem) from None
    except (LookupError, ValueError):
        if reader.kept:
            raise
        problem = Said("The file's encoding is not known, or its bytes are not in it.")
        raise faults.refuse(reader.parser.CurrentLineNumber, "", "", problem) from None
