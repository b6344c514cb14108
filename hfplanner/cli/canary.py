"""Running a job after its canary, whatever the job was made of: show, ask, send, watch, plan anew, send."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Verdict
from hfplanner.cli.agreement import agreed_plan
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer, show
from hfplanner.cli.show.canary import (
    canary_dry_run_answer,
    canary_refused_answer,
    show_canary_plan,
    stopped_answer,
    unmeasured_dry_run_answer,
    watching,
    with_canary,
)
from hfplanner.cli.show.output import hint, note, warn
from hfplanner.cli.show.run import ask, refused_answer, show_plan, submitted_answer, unknown_answer
from hfplanner.errors import CanaryFailed, HfplannerError, SubmissionUnknown
from hfplanner.plan.canary import CanaryPlan, NotMeasured, choose_canary, plan_with_canary
from hfplanner.plan.canary_run import CanaryRun, known_canary
from hfplanner.plan.canary_told import canary_json
from hfplanner.plan.sending import bring_up_to_date, held_for, sent_before, sent_before_words

if TYPE_CHECKING:
    from hfplanner.cli.options.submission import How
    from hfplanner.plan.canary_told import CanaryEnded
    from hfplanner.plan.job_plan import JobPlan, KnownRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted

__all__ = ["CanaryCommand"]

Finish = Callable[["KnownRequest", "Submitted", "Charging", Callable[[Answer], Answer]], int]
"""Shows what was submitted, as an answer that may be changed, follows it where somebody looks, and returns the code.

The job comes as it was measured, for what has to be planned anew.
"""


class CanaryCommand:
    """A run that measures first.

    Args:
        asked: the job.
        workspace: where it is sent from.
        how: under which key it is sent, whether somebody is asked, and how answers are shown.
    """

    def __init__(self, asked: "KnownRequest", workspace: "Workspace", how: "How") -> None:
        self._asked, self._workspace, self._how = asked, workspace, how

    def dry_run(self) -> int:
        """Show both jobs, or what became of them; nothing is sent, reserved or written."""
        sent = sent_before(self._asked, self._how.key, self._workspace)
        if sent is not None:
            note(sent_before_words(sent, self._how.key or ""))
            return show(
                with_canary(submitted_answer(sent, dry_run=True), known_canary(self._how.key, self._workspace)),
                self._how.shown,
            )
        listing = get_listing(self._workspace)
        chosen = choose_canary(self._asked, listing)
        if isinstance(chosen, NotMeasured):
            return show(unmeasured_dry_run_answer(self._asked.plan(self._workspace, listing), chosen), self._how.shown)
        return show(
            canary_dry_run_answer(plan_with_canary(self._asked, chosen, self._workspace, listing)), self._how.shown
        )

    def run(self, finish: Finish, unmeasured: Callable[[Callable[[Answer], Answer]], int]) -> int:
        """Measure, and send the job; go on where that was interrupted.

        Args:
            finish: shows what was submitted and follows it.
            unmeasured: sends the job without a canary.
        """
        ready = bring_up_to_date(self._workspace, get_listing(self._workspace))
        for text in ready.warnings:
            warn(text)
        sent = sent_before(self._asked, self._how.key, self._workspace)
        if sent is not None:
            note(sent_before_words(sent, self._how.key or ""))
            # Another flavor, where one has no capacity, is planned with what the canary told.
            job = self._measured_before(ready.books) if self._how.fallback is not None else self._asked
            return finish(
                job, sent, ready.books, lambda answer: with_canary(answer, known_canary(self._how.key, self._workspace))
            )
        canary = CanaryRun(self._asked, self._how.key, ready.books, self._workspace)
        begun: Submitted | None = None
        most: int | None = None
        try:
            begun = canary.begun()
            if begun is None:
                agreed = self._agreed(canary)
                if agreed is None:
                    note("Not run.")
                    return 1
                if isinstance(agreed, NotMeasured):
                    note(f"No canary. {agreed.why}")
                    return unmeasured(lambda answer: with_canary(answer, agreed.to_json()))
                if agreed.decision.verdict is not Verdict.ALLOWED:
                    return show(canary_refused_answer(agreed, canary.ask_approval(agreed)), self._how.shown)
                most = agreed.run.decision.worst_case_micro_usd
                begun = canary.send(agreed)
                for text in begun.warnings:
                    warn(text)
            return self._measured(canary, begun, ready.books, finish, most)
        except SubmissionUnknown as error:
            if begun is not None:
                raise
            told = {"measured": False, "submission_id": error.submission_id, "state": "UNKNOWN", "job_id": error.job_id}
            return show(stopped_answer(error, told), self._how.shown)

    def _measured_before(self, books: "Charging") -> "KnownRequest":
        canary = CanaryRun(self._asked, self._how.key, books, self._workspace)
        return canary.measured_before(get_listing(self._workspace))

    def _measured(
        self, canary: CanaryRun, begun: "Submitted", books: "Charging", finish: Finish, most: int | None
    ) -> int:
        told: dict[str, Any] = canary_json(begun)
        try:
            ended = self._watch(canary, begun)
            told = ended.to_json()
            note(ended.words)
            for text in ended.warnings:
                warn(text)
            return self._send(canary, ended, books, finish, most)
        except SubmissionUnknown as error:
            return show(with_canary(unknown_answer(error, held_for(error, self._workspace)), told), self._how.shown)
        except HfplannerError as error:
            if isinstance(error, CanaryFailed):
                told = canary_json(canary.now(begun))
                # People have seen its log.
                for line in () if self._how.shown == "human" else error.lines:
                    note(f"  {line}")
            return show(stopped_answer(error, told), self._how.shown)

    def _agreed(self, canary: CanaryRun) -> CanaryPlan | NotMeasured | None:
        """Return the plan of both that may be sent; with a question, the one that is made after the answer."""
        first = canary.plan(get_listing(self._workspace))
        if isinstance(first, NotMeasured):
            return first

        def plan() -> CanaryPlan:
            found = canary.plan(get_listing(self._workspace))
            return found if isinstance(found, CanaryPlan) else first

        return agreed_plan(plan, show_canary_plan, self._how)

    def _watch(self, canary: CanaryRun, begun: "Submitted") -> "CanaryEnded":
        terms, job = begun.submission.terms, f"{begun.submission.terms.namespace}/{begun.job_id}"
        if begun.is_new:
            note(f"The canary is job {job} on {terms.flavor}.")
        else:
            note(f"The canary was sent before, as job {job} on {terms.flavor}.")
        try:
            with watching(begun, self._workspace.submitter(), self._how.shown) as see:
                return canary.follow(begun, see)
        except KeyboardInterrupt:
            note(f"The canary {job} runs on until its timeout; the job was not sent.")
            again = (
                "The same command goes on with it"
                if self._how.key
                else f"--log {job} instead of --canary goes on with it"
            )
            hint(f"{again}; `hf jobs cancel {job}` cancels it.")
            raise

    def _send(
        self, canary: CanaryRun, ended: "CanaryEnded", books: "Charging", finish: Finish, most: int | None
    ) -> int:
        """Plan the job with what was measured, and send it; ask again where it may cost more than was agreed to."""
        sender, planned = canary.job_after(ended, get_listing(self._workspace))
        if planned.decision.verdict is not Verdict.ALLOWED:
            return show(
                with_canary(refused_answer(planned, sender.ask_approval(planned)), ended.to_json()), self._how.shown
            )
        if self._how.shown == "human" or not self._how.yes:
            show_plan(planned, sys.stderr)
        for text in planned.warnings:
            warn(text)
        if not self._how.yes and self._costs_more(planned, most) and not ask():
            note("Not run.")
            return 1
        submitted = sender.send(planned)
        for text in submitted.warnings:
            warn(text)
        measured = canary.measured(ended, get_listing(self._workspace))
        return finish(measured, submitted, books, lambda answer: with_canary(answer, ended.to_json()))

    @staticmethod
    def _costs_more(planned: "JobPlan", most: int | None) -> bool:
        """Whether nobody agreed to so much; to nothing where the question was answered in another process."""
        worst = planned.decision.worst_case_micro_usd
        return most is None or worst is None or worst > most
