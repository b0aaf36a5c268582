"""Everything that is told of a plan, whatever the format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from payrules.adapters.git_trees import Base
from payrules.app.landing import Landing, Standing, land
from payrules.app.planning import ClinicPlan, Plan
from payrules.app.replay import Replay


@dataclass(frozen=True, slots=True)
class Told:
    """A plan with what was found beside it; `base` is what was compared with, `now` when it is told.

    `not_in_force` has the clinics whose files are as they were, but are not what the ledger has in force: its digest.
    `standings` are those of a ledger, by clinic; `replays` the known bookings', of which `refused` could not be read.
    """

    plan: Plan
    base: Base
    now: datetime
    replays: Mapping[str, Replay]
    standings: Mapping[str, tuple[Landing | None, Standing]]
    refused: int = 0
    with_store: bool = False
    not_in_force: Mapping[str, str | None] = field(default_factory=dict)

    def landing(self, plan: ClinicPlan) -> tuple[Landing | None, Standing | None]:
        """When a version takes effect, and how its clinic stands in the ledger."""
        return self.standings.get(plan.clinic) or (land(plan, self.now), None)

    @property
    def base_text(self) -> str:
        """`main (1a2b3c4d5e, where HEAD left it)`, or a folder."""
        if self.base.commit is None:
            return self.base.given
        moved = ", where HEAD left it" if self.base.moved else ""
        return f"{self.base.given} ({self.base.short}{moved})"

    @property
    def base_remark(self) -> str | None:
        """Why no file may differ from a base that nobody asked for, where it is HEAD."""
        if self.plan.clinics or not self.base.without_origin:
            return None
        shallow = ", and this clone is shallow" if self.base.shallow else ""
        only = "so only what is not committed was compared"
        return f"there is no origin/HEAD{shallow}, {only}: `--base main` names a branch"
