"""Simulations by name, and what comes of them."""

import re
from collections import Counter
from typing import NamedTuple

from tests.simulation.outside import Real


class Outcome(NamedTuple):
    """What was seen, what was wrong, and the places at which a process could die, in order."""

    counts: Counter[str]
    violations: list[str]
    points: list[str]


class Case(NamedTuple):
    """A simulation by name: `17`, its ledger on a disk `17d`; with real adapters `17w`, `17e`, `17f` (see `Real`), or
    `17de`. `17@53` dies only at the 53rd point at which it can.
    """

    seed: int
    on_disk: bool = False
    real: Real = Real.NONE
    only: int | None = None

    @classmethod
    def read(cls, text: str) -> "Case":
        """Raises ValueError for what is not a name."""
        found = re.fullmatch(r"(\d+)(d?)([wef]?)(?:@(\d+))?", text)
        if found is None:
            raise ValueError(f"{text!r} is not a seed such as 17, 17d, 17w, 17de or 17f@53")
        return cls(int(found[1]), bool(found[2]), Real(found[3]), None if found[4] is None else int(found[4]))

    def __str__(self) -> str:
        return f"{self.seed}{'d' * self.on_disk}{self.real}{'' if self.only is None else f'@{self.only}'}"

    @property
    def needs_disk(self) -> bool:
        """Whether anything of it is kept on a disk."""
        return self.on_disk or self.real in (Real.EMBEDDED, Real.FILES)
