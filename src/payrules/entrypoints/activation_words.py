"""Activations in words for the people of a clinic: times are the clinic's own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from payrules.app.activate import FileOutcome, FileResult
from payrules.app.look import Problem
from payrules.app.rows import ActivationRow, LegalForm, VerificationRow
from payrules.app.status import ClinicStatus
from payrules.domain.timeline import Activation, ActivationState
from payrules.entrypoints.decisions.times import day_text, time_text
from payrules.entrypoints.reporters.excerpt import visible

FORMS = {LegalForm.COMPANY: "company", LegalForm.SOLE_PROPRIETORSHIP: "sole proprietorship"}

PROBLEMS = {
    Problem.REJECTED: "the file has errors",
    Problem.EMPTY: "the file is empty",
    Problem.TWICE: "the clinic has two files",
    Problem.MISSING: "the file is gone",
    Problem.POLLED: "the folder gives no events: a daemon looks at it every few seconds",
}
"""Why a file was not applied."""

_STAYS = "what was in force stays in force"


class Local:
    """The times of a clinic. A zone that this machine does not know is replaced by UTC."""

    def __init__(self, name: str, zone: tzinfo | None) -> None:
        self.name = name if zone is not None else "UTC"
        self._zone = zone or UTC

    def text(self, instant: datetime) -> str:
        """`Tue 1 Dec 2026 00:00`, in the clinic's time."""
        local = instant.astimezone(self._zone)
        return f"{day_text(local.date(), year=True)} {time_text(local)}"

    def told(self, instant: datetime) -> str:
        """The same with the zone's name."""
        return f"{self.text(instant)} ({self.name})"


def short_digest(digest: str | None) -> str:
    """Enough of a digest to tell versions of one clinic apart."""
    return "-" if digest is None else digest[:19]


def short_revision(revision: str | None) -> str:
    """Enough of a commit to find it."""
    if revision is None:
        return "-"
    commit, plus, changed = revision.partition("+")
    return commit[:10] + plus + changed


def result_texts(result: FileResult, status: ClinicStatus | None, local: Local) -> list[str]:
    """What a look did about one file, the main thing first."""
    activation = result.activation
    match result.outcome:
        case FileOutcome.ACTIVATED if activation is not None and activation.effective_at is not None:
            texts = [f"in force since {local.told(activation.effective_at)}"]
            if activation.late_by:
                texts.append(f"its effective_from was past: it comes {duration_text(activation.late_by)} late")
        case FileOutcome.PENDING if activation is not None and activation.effective_at is not None:
            texts = [f"pending: takes effect {local.told(activation.effective_at)}"]
        case FileOutcome.AWAITING_VERIFICATION:
            texts = ["awaits verification: takes effect when the payment side has verified the clinic"]
        case FileOutcome.WITHDREW_PENDING:
            texts = ["back to the version before: the one that was to replace it is withdrawn"]
        case FileOutcome.REJECTED | FileOutcome.MISSING:
            texts = [f"not applied: {PROBLEMS[Problem(result.problem or Problem.REJECTED)]}; {_STAYS}"]
        case _:
            texts = ["unchanged" + _standing_text(status, local)]
    if result.dropped is not None:
        texts.append(f"dropped: {_dropped_text(result.dropped, local)}")
    return texts


def _standing_text(status: ClinicStatus | None, local: Local) -> str:
    if status is None:
        return ""
    if status.awaiting is not None or not status.verified:
        return ": awaits verification"
    if status.pending is not None and status.pending.activation.effective_at is not None:
        return f": takes effect {local.told(status.pending.activation.effective_at)}"
    return ""


def _dropped_text(dropped: Activation, local: Local) -> str:
    digest = short_digest(dropped.digest)
    if dropped.effective_at is None:
        return f"{digest}, which awaited verification"
    return f"{digest}, which was to take effect {local.told(dropped.effective_at)}"


def duration_text(span: timedelta) -> str:
    """`3 days`, `2 hours`, `5 minutes`, or `1 second` at the least."""
    seconds = max(int(span.total_seconds()), 1)
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("a second is a second")


def state_of(activation: Activation, rows: Sequence[ActivationRow], now: datetime) -> str:
    """Where an activation is, in one word, stable for machines."""
    if activation.state is ActivationState.AWAITING:
        return "awaiting_verification"
    if activation.state is not ActivationState.RECORDED or activation.effective_at is None:
        return activation.state.value
    if activation.effective_at > now:
        return "pending"
    later = (row.activation for row in rows[activation.sequence :])
    over = any(
        a.state is ActivationState.RECORDED and a.effective_at is not None and a.effective_at <= now for a in later
    )
    if over:
        return "past"
    return "in_force" if activation.digest is not None else "not_verified"


def verification_text(row: VerificationRow | None, local: Local) -> str:
    """What the payment side says of a clinic."""
    if row is None:
        return "not verified yet"
    at = local.told(row.recorded_at)
    if not row.verified or row.legal_form is None:
        return f"withdrawn {at} by {visible(row.actor)}"
    number = "no organisation number" if row.organisation_number is None else visible(row.organisation_number)
    said = f"{FORMS[row.legal_form]}, {visible(row.legal_name or '')}, {number}"
    return f"{said}; recorded {at} by {visible(row.actor)}"
