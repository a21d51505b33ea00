"""What accounts and transfers are called, made when somebody asks.

Ten million names would cost more than the positions. So whoever gave none is told numbers: the
account or row 17 is called ``"17"``, and that text is made only where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recoup.core.tracing.ledger import LedgerRefused


class Names(Sequence[str]):
    """Names by number and numbers by name. what: of what, for refusals.

    given: names of the first ones, or None; it is kept as it is, so it must not change.
    """

    __slots__ = ("_count", "_given", "_more", "_number_of", "_what")

    def __init__(self, given: Sequence[str] | None, count: int, what: str) -> None:
        self._given: Sequence[str] = () if given is None else given
        self._count, self._what = count, what
        self._more: dict[int, str] = {}
        self._number_of: dict[str, int] | None = None if len(self._given) else {}

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(self._count))

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        if number.__class__ is slice:
            return [self[one] for one in range(*number.indices(self._count))]
        if 0 <= number < len(self._given):
            return self._given[number]
        if not 0 <= number < self._count:
            raise IndexError(f"There is no {self._what} {number} of {self._count}.")
        return self._more.get(number) or str(number)

    def of(self, numbers: list[int]) -> list[str]:
        """The names of many numbers."""
        if not self._more and len(self._given) in (0, self._count):
            return list(map(self._given.__getitem__ if len(self._given) else str, numbers))
        return [self[number] for number in numbers]

    def number(self, name: str) -> int:
        """The number of a name, or -1."""
        found = self._by_name().get(name, -1)
        if found >= 0 or not (name.isascii() and name.isdecimal()):
            return found
        number = int(name) if len(name) < 20 else self._count
        is_number = number < self._count and number >= len(self._given)
        is_bare = is_number and number not in self._more and str(number) == name
        return number if is_bare else -1

    def add(self, name: str) -> int:
        """Give the next number to a name that is not there yet."""
        number, self._count = self._count, self._count + 1
        self._more[number] = name
        self._by_name()[name] = number
        return number

    def add_many(self, names: Sequence[str] | None, count: int) -> None:
        """Give the next numbers to these names, or to as many without a name."""
        self.refuse_doubles(names, count)
        if names is None:
            self._count += count
            return
        for name in names:
            self.add(name)

    def refuse_doubles(self, names: Sequence[str] | None, count: int) -> None:
        """Refuse new names of which one is there already; raises LedgerRefused."""
        if names is None and not len(self._given) and not self._more:
            return
        new = range(self._count, self._count + count)
        seen: set[str] = set()
        for name in map(str, new) if names is None else names:
            if name in seen or self.number(name) >= 0:
                raise self._doubled(name)
            seen.add(name)

    def _by_name(self) -> dict[str, int]:
        if self._number_of is None:
            number_of = {name: number for number, name in enumerate(self._given)}
            if len(number_of) < len(self._given):
                seen: set[str] = set()
                raise self._doubled(next(x for x in self._given if x in seen or seen.add(x)))  # type: ignore[func-returns-value]
            self._number_of = number_of | {name: number for number, name in self._more.items()}
        return self._number_of

    def _doubled(self, name: str) -> LedgerRefused:
        return LedgerRefused(
            f"The {self._what} {str(name)!r} is there twice. Give each {self._what} its own.",
            value=str(name),
        )
