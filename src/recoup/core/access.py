"""Who may do what: an actor, and one policy table that says which role may do which act.

The table itself is data (``data/policy.toml``); a view, an API operation or a command names its act
and nothing else. What an actor may *see* is a second question, answered by ``visible_to`` in each
station and by row-level security beneath it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

ANYONE: Final = "anyone"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting under a mandate for an organisation, as sign-in or an API key set it.

    person_id and mandate_id are None for the public, and for acts of the hub's own clock.
    scope: the only acts that a machine's key is for; None for all that the role may do.
    """

    organisation_id: int
    organisation_kind: str
    organisation_name: str
    role: str
    person_id: UUID | None = None
    mandate_id: UUID | None = None
    person_name: str = ""
    scope: frozenset[str] | None = None

    @property
    def is_public(self) -> bool:
        return self.organisation_kind == "public"

    @property
    def named_person(self) -> UUID:
        """Who acts, where only a named person may; raises PersonNeeded for anybody else."""
        if self.person_id is None:
            raise PersonNeeded(f"This act needs a named person; {self.role} is none.")
        return self.person_id


class PersonNeeded(Exception):
    """The act is one of a named person, and the public or the hub itself tried it."""


class NotAllowed(Exception):
    """The actor's role may not do this act."""

    def __init__(self, act: str, role: str, roles: frozenset[str]) -> None:
        self.act, self.role, self.roles = act, role, roles
        who = ", ".join(sorted(roles)) or "nobody"
        super().__init__(f"The role {role} may not do {act}. It is for: {who}.")


class UnknownAct(Exception):
    """A view names an act for which the policy table has no row."""


class StepUp(StrEnum):
    """When an act needs a fresh second factor: before it is done, or before it is looked at too."""

    WRITING = "writing"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy table: act -> roles that may do it, and whether a fresh second factor is asked."""

    acts: Mapping[str, frozenset[str]]
    step_up: Mapping[str, StepUp] = field(default_factory=dict)

    def roles_for(self, act: str) -> frozenset[str]:
        try:
            return self.acts[act]
        except KeyError:
            raise UnknownAct(f"The policy table has no row for {act}.") from None

    def may(self, actor: Actor, act: str) -> bool:
        roles = self.roles_for(act)
        if ANYONE in roles:
            return True
        return actor.role in roles and (actor.scope is None or act in actor.scope)

    def needs_step_up(self, act: str, *, is_writing: bool) -> bool:
        """Whether a person shows a second factor first; raises UnknownAct."""
        self.roles_for(act)
        when = self.step_up.get(act)
        return when is StepUp.ALWAYS or (when is StepUp.WRITING and is_writing)

    def require(self, actor: Actor, act: str) -> None:
        """Raise NotAllowed unless the actor's role may do the act."""
        if not self.may(actor, act):
            raise NotAllowed(act, actor.role, self.roles_for(act))
