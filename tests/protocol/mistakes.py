"""The mistakes themselves: what is replaced by what in which file of the program, and which tests are to notice."""

from dataclasses import dataclass

__all__ = ["MUTANTS", "Edit", "Mutant"]

_SEND = "submit/test_send.py::"
_LATE = "submit/test_late.py::"
_FAULTS = "submit/test_post_faults.py::test_a_fault_that_proves_nothing_holds_the_money_until_the_job_is_found"
_RECONCILE = "submit/test_reconcile.py::"
_AGREE = "submit/test_agree.py::"
_GRANTED = "submit/test_granted.py::"
_FALLBACK = "plan/test_fallback.py::"
_SCHEDULES = "submit/test_schedules.py::"
_HELD = "budget/test_held_schedules.py::"
_REPLACED = "budget/test_settle_and_reserve.py::"
_MACHINE = "submit/test_machine.py::"
_LEDGER = "budget/test_ledger.py::"
_AGENTS = "budget/test_agents.py::"
_ALL = "budget/test_reserve_all.py::"
_SPENT = "budget/test_what_was_spent.py::"
_FILE = "budget/test_ledger_sqlite.py::"
_CRASH = "protocol/test_crash.py::test_killed_or_failed_at_a_system_call_nothing_is_lost_or_sent_twice"


@dataclass(frozen=True, slots=True)
class Edit:
    """A text of a file of the program, and what takes its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake: its name, what is changed, and the tests that are to catch it."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def _mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, (Edit(file, old, new),), tests)


_SPLIT = Mutant(
    "decide and reserve in two transactions",
    (
        Edit(
            "budget/ledger/ledger.py",
            "        try:\n"
            "            return self._database.write(work, committed)\n        except reserving.TooLittleLeft",
            "        import time\n\n"
            "        windows = wanted[0].windows\n"
            "        left = [one.left_micro_usd for one in self.balances(windows)]\n"
            "        time.sleep(0.05)\n"
            "        try:\n"
            "            if min(left, default=0) < (wanted[0].terms.cap_micro_usd or 0):\n"
            "                return Refused(balances=self.balances(windows), over=(windows[0].budget,))\n"
            "            return self._database.write(work, committed)\n        except reserving.TooLittleLeft",
        ),
        Edit(
            "budget/ledger/windows.py",
            "    amounts = (window.other_micro_usd,",
            "    hold_despite_limit(tx, window, micro_usd)\n    return True\n    amounts = (window.other_micro_usd,",
        ),
    ),
    (f"{_SEND}test_many_submitters_of_a_budget_for_three_send_three",),
)

_SENT_FIRST = Mutant(
    "sent, then marked",
    (
        Edit(
            "submit/send.py",
            "        if not ledger.mark_sending(",
            "        launched = _post(order, submission, submitter)\n        if not ledger.mark_sending(",
        ),
        Edit(
            "submit/send.py",
            "        launched = _post(order, submission, submitter)\n        return _record(",
            "        return _record(",
        ),
    ),
    (f"{_LATE}test_what_is_on_its_way_is_in_the_books_before",),
)

MUTANTS = (
    _mutant(
        "no mark before it is sent",
        "submit/send.py",
        "if not ledger.mark_sending(sid, sender, submitter.clock()):",
        "if ledger.mark_sending(sid, sender, submitter.clock()) is None:",
        f"{_LATE}test_a_reservation_that_another_let_go_is_not_sent",
    ),
    _mutant(
        "an expired reservation may be marked",
        "budget/ledger/ledger.py",
        "if reserving.in_time(tx, sid, at) else None",
        "if not reserving.in_time(tx, sid, at) or True else None",
        f"{_LATE}test_a_reservation_that_expired_before_its_mark_is_not_sent",
    ),
    _mutant(
        "a sender whose deadline has passed sends",
        "submit/send.py",
        "if submitter.machine.boot_clock() > sender.deadline_boot_secs:",
        "if submitter.machine.boot_clock() < 0:",
        f"{_SEND}test_a_sender_past_its_deadline_does_not_send",
    ),
    _SENT_FIRST,
    _SPLIT,
    _mutant(
        "reserve without the condition",
        "budget/ledger/windows.py",
        "{THIS_WINDOW} AND posted_micro_usd + held_micro_usd + ? + ? <= ?\n",
        "{THIS_WINDOW} AND ? + ? + ? IS NOT NULL\n",
        f"{_SEND}test_a_budget_with_too_little_left_sends_nothing",
    ),
    _mutant(
        "blind retry",
        "submit/send.py",
        "            told = _unknown(submission, error.message, probably=error.probably_done)\n",
        "            return submitter.hub.create_job(order.namespace, spec)\n"
        "            told = _unknown(submission, error.message, probably=error.probably_done)\n",
        f"{_FAULTS}[dropped after the effect]",
    ),
    _mutant(
        "retry where the listing is empty",
        "submit/send.py",
        "            told = _unknown(submission, error.message, probably=error.probably_done)\n",
        "            if not list(submitter.hub.list_jobs(order.namespace, labels={'hfplanner-sid': sid})):\n"
        "                return submitter.hub.create_job(order.namespace, spec)\n"
        "            told = _unknown(submission, error.message, probably=error.probably_done)\n",
        f"{_FAULTS}[dropped before the effect]",
    ),
    _mutant(
        "release where the listing is empty",
        "submit/reconciliation.py",
        "        life = longest_life(submission)\n",
        "        life = longest_life(submission)\n"
        '        self.submitter.ledger.void(submission.sid, from_state=State.UNKNOWN, reason="Not listed.", at=now)\n',
        f"{_RECONCILE}test_an_empty_listing_proves_nothing",
    ),
    _mutant(
        "release on a time-out",
        "api/failures.py",
        'in time.", answer=answer, transient=True)',
        'in time.", answer=answer, transient=True, outcome=Outcome.NOT_SENT)',
        f"{_FAULTS}[stalled before the first byte]",
    ),
    _mutant(
        "release on an answer that breaks off",
        "api/failures.py",
        'broke off ({kind}).", answer=answer, transient=True)',
        'broke off ({kind}).", answer=answer, transient=True, outcome=Outcome.NOT_SENT)',
        f"{_FAULTS}[reset after the effect]",
    ),
    _mutant(
        "release on a server error",
        "api/failures.py",
        "_REJECTING = frozenset({400,",
        "_REJECTING = frozenset({500, 400,",
        f"{_FAULTS}[500 after the effect]",
    ),
    _mutant(
        "release on 409",
        "api/failures.py",
        "_REJECTING = frozenset({400,",
        "_REJECTING = frozenset({409, 400,",
        f"{_FAULTS}[409 after the effect]",
    ),
    _mutant(
        "a rejection without the Hub's words counts",
        "api/failures.py",
        "(status in _REJECTING and explained)",
        "status in _REJECTING",
        f"{_FAULTS}[400 without the Hub's words]",
    ),
    _mutant(
        "every 429 counts as a rejection",
        "api/failures.py",
        "and remaining == 0)",
        "and remaining != -1)",
        f"{_FAULTS}[429 with requests left]",
    ),
    _mutant(
        "release when it was interrupted",
        "submit/send.py",
        '        submitter.ledger.unknown(sid, "Interrupted while it was sent.", submitter.clock())\n',
        '        submitter.ledger.void(sid, from_state=State.SENDING, reason="Interrupted.", at=submitter.clock())\n',
        f"{_LATE}test_an_interrupted_request_is_unknown",
    ),
    _mutant(
        "release when the sender died",
        "submit/reconciliation.py",
        'if ledger.unknown(submission.sid, "The process that sent it ended before it told what came of it.", now):',
        'if ledger.void(submission.sid, from_state=State.SENDING, reason="It died.", at=now):',
        f"{_RECONCILE}test_a_dead_sender_leaves_its_money_held",
    ),
    _mutant(
        "money in dollars, as floating-point numbers",
        "estimate/cost.py",
        "rent = ceil_div(units * price_micro_usd_per_minute, per_minute)",
        "rent = int(units * (price_micro_usd_per_minute / 10**6) * 10**6 / per_minute)",
        f"{_SEND}test_every_attempt_is_held",
    ),
    _mutant(
        "the cap of one attempt",
        "budget/terms.py",
        "self.timeout_secs, attempts=self.attempts,",
        "self.timeout_secs, attempts=1,",
        f"{_SEND}test_every_attempt_is_held",
    ),
    _mutant(
        "ports that the budget did not see",
        "budget/terms.py",
        "has_ports=job.has_ports if isinstance(job, NewJob) else bool(job.expose),\n",
        "has_ports=isinstance(job, int),\n",
        f"{_SEND}test_what_is_held_is_of_the_job_that_is_sent",
    ),
    _mutant(
        "a redirect is followed",
        "api/connection.py",
        "lambda: self._client.send(request, stream=True)",
        "lambda: self._client.send(request, stream=True, follow_redirects=True)",
        f"{_SEND}test_a_redirect_of_a_submission_is_not_followed",
    ),
    _mutant(
        "sent without labels",
        "submit/send.py",
        "    spec = labelled(order.job.to_api(), sid=sid, ledger_id=submitter.ledger.ledger_id)\n",
        "    spec = order.job.to_api()\n",
        f"{_SEND}test_a_job_is_sent_with_its_labels_timeout_and_attempts_and_its_money_is_held",
    ),
    _mutant(
        "no look at the label of a job",
        "submit/labelled_jobs.py",
        "    return all(has.get(name) == value for name, value in labels.items())\n",
        "    return has is not labels\n",
        f"{_RECONCILE}test_a_listing_that_ignores_the_filter_deceives_nobody",
    ),
    _mutant(
        "a copy is taken for the submission",
        "submit/labelled_jobs.py",
        "    return job.initiator is not None and str(job.initiator.type) in _COPIES\n",
        "    return job.initiator is not None and str(job.initiator.type) in ()\n",
        f"{_RECONCILE}test_a_copy_alone_is_not_taken_for_the_submission",
    ),
    _mutant(
        "copies are not charged",
        "submit/reconciliation.py",
        "            if job is ours:\n",
        "            if job is not ours:\n                continue\n            if job is ours:\n",
        f"{_RECONCILE}test_a_copy_of_a_job_is_charged_too",
    ),
    _mutant(
        "presumed without waiting",
        "submit/reconciliation.py",
        "if now - submission.created_at > life and self.submitter",
        "if life and self.submitter",
        f"{_RECONCILE}test_an_empty_listing_proves_nothing",
    ),
    _mutant(
        "what is void is not looked for",
        "budget/ledger/ledger.py",
        "(*_SENT, State.SETTLED, State.VOID))",
        "(*_SENT, State.SETTLED))",
        f"{_RECONCILE}test_a_job_of_a_void_submission_is_adopted_and_told",
    ),
    _mutant(
        "settled twice",
        "budget/ledger/ledger.py",
        "return self._step(sid, _WITH_COST, after,",
        "return self._step(sid, (*_WITH_COST, State.SETTLED), after,",
        f"{_LEDGER}test_settling_posts_the_cost_once[sqlite]",
    ),
    _mutant(
        "settled while it runs",
        "submit/settlement.py",
        "    if not job.is_terminal:\n",
        "    if not job.id:\n",
        f"{_RECONCILE}test_each_end_has_its_cost[still running]",
    ),
    _mutant(
        "a vanished job costs nothing",
        "submit/reconciliation.py",
        'cost_micro_usd=submission.cap_micro_usd, evidence="vanished: its cap"',
        'cost_micro_usd=0, evidence="vanished: its cap"',
        f"{_RECONCILE}test_a_job_the_hub_does_not_show_keeps_its_money_until_its_longest_life_is_over",
    ),
    _mutant(
        "a key is kept by nobody",
        "budget/ledger/reserving.py",
        "what = (sid, key, key, spec_hash,",
        "what = (sid, None, None, spec_hash,",
        f"{_SEND}test_a_key_gives_what_became_of_it_and_sends_nothing_again",
    ),
    _mutant(
        "a key is free while its job is unknown",
        "budget/ledger/reserving.py",
        "if not is_itself and state == State.VOID:",
        "if not is_itself and state in {State.VOID, State.UNKNOWN}:",
        f"{_FAULTS}[dropped after the effect]",
    ),
    _mutant(
        "another job under the same key",
        "budget/ledger/reserving.py",
        "elif spec_hash == wanted.spec_hash:",
        "elif spec_hash:",
        f"{_SEND}test_a_key_gives_what_became_of_it_and_sends_nothing_again",
    ),
    _mutant(
        "the lock of a sender is ignored",
        "submit/machine.py",
        "        is_held = _is_held(path)\n",
        "        is_held = _is_held(path) and None\n",
        f"{_MACHINE}test_the_lock_of_a_live_sender_outlasts_its_deadline",
    ),
    _mutant(
        "a late answer is dropped",
        "submit/send.py",
        "    if ledger.launched(sid, job_id, raw, now):\n        return ()\n",
        "    ledger.launched(sid, job_id, raw, now)\n    return ()\n",
        f"{_LATE}test_an_answer_after_an_operator_said_it_never_ran_is_charged",
    ),
    _mutant(
        "the lock is cleared away though nothing was recorded",
        "submit/machine.py",
        "            keep = isinstance(error, LedgerError) or isinstance(error.__cause__, LedgerError)\n",
        "            keep = not isinstance(error, BaseException)\n",
        f"{_LATE}test_what_the_ledger_cannot_record_is_told_as_unknown[an error]",
    ),
    _mutant(
        "a budget that is renamed begins at nothing",
        "budget/ledger/windows.py",
        "    found, limit = sum_submissions(tx, key, window.scope), window.limit_micro_usd\n",
        "    found, limit = Sums(0, 0), window.limit_micro_usd\n",
        f"{_SPENT}test_a_budget_that_is_changed_forgets_nothing[sqlite-renamed-held]",
    ),
    _mutant(
        "only the budgets that were named hold the money",
        "budget/ledger/reserving.py",
        "        if window is None:\n            add_to_counters(tx, key, held=amount)\n            continue\n",
        "        if window is None:\n            continue\n",
        f"{_SPENT}test_two_members_whose_files_differ_in_time_zone_share_one_limit[sqlite]",
    ),
    _mutant(
        "the jobs of a plan are reserved one by one",
        "budget/ledger/ledger.py",
        "            return self._reserve_all(wanted, first, last)\n        except reserving.NotOpen:\n",
        "            found = [self._reserve_all([one], first, last) for one in wanted]\n"
        "            refused = [one for one in found if isinstance(one, Refused)]\n"
        "            return refused[0] if refused else tuple(one for made in found for one in made)\n"
        "        except reserving.NotOpen:\n",
        f"{_ALL}test_a_plan_of_which_one_job_is_too_much_is_not_in_the_books_at_all[sqlite]",
    ),
    _mutant(
        "of a plan only the last job is held",
        "budget/ledger/reserving.py",
        "sums[key] = sums.get(key, 0) + cap",
        "sums[key] = cap",
        f"{_ALL}test_a_plan_of_which_one_job_is_too_much_is_not_in_the_books_at_all[sqlite]",
    ),
    _mutant(
        "the jobs of a plan do not count as running for each other",
        "budget/ledger/running.py",
        "        found = _with_job(found, terms)\n",
        "        found = found if terms else _with_job(found, terms)\n",
        f"{_ALL}test_a_plan_counts_whole_under_a_cap_on_what_runs_at_once[sqlite-all]",
    ),
    _mutant(
        "a plan holds again what was reserved under its keys",
        "budget/ledger/reserving.py",
        "    new = [number for number in order if known[number] is None]\n",
        "    new = [number for number in order if not known[number] or known[number].state is State.SENDING]\n",
        f"{_ALL}test_the_same_keys_again_reserve_nothing_twice[sqlite]",
    ),
    _mutant(
        "an approval is used twice",
        "budget/ledger/approving.py",
        '        if found.approved_by is not None and tx.change(_STEP, found.request.code, "USED",',
        "        if found.approved_by is not None:\n            return found.request.code\n"
        '        if found.approved_by is not None and tx.change(_STEP, found.request.code, "USED",',
        f"{_AGENTS}test_a_job_above_the_threshold_needs_an_approval_that_is_given[sqlite]",
    ),
    _mutant(
        "an approval that nobody has given counts",
        "budget/ledger/approving.py",
        "        if found.approved_by is not None and tx.change",
        "        if tx.change",
        f"{_AGENTS}test_a_job_above_the_threshold_needs_an_approval_that_is_given[sqlite]",
    ),
    _mutant(
        "an approval does not end",
        "budget/ledger/approving.py",
        "AND a.expires_us > ? AND u.sid IS NULL\n    ORDER BY y.at_us IS NULL",
        "AND a.expires_us > ? - 86400000000 AND u.sid IS NULL\n    ORDER BY y.at_us IS NULL",
        f"{_AGENTS}test_an_approval_ends[sqlite]",
    ),
    _mutant(
        "an approval is of any agent at any price",
        "budget/ledger/approving.py",
        "    said = [spec_hash, terms.caller.agent, terms.price and terms.price.micro_usd_per_minute]\n",
        "    said = [spec_hash]\n",
        f"{_AGENTS}test_an_approval_is_of_one_job_agent_and_price[sqlite]",
    ),
    _mutant(
        "an approval is of any cost",
        "budget/ledger/approving.py",
        "    for row in tx.rows(_OF_JOB, digest, cost, now_us):\n",
        "    for row in tx.rows(_OF_JOB, digest, 0, now_us):\n",
        f"{_AGENTS}test_an_approval_is_of_one_job_agent_and_price[sqlite]",
    ),
    _mutant(
        "each job of a plan is approved by itself",
        "budget/ledger/approving.py",
        "    cost = sum(cap for _, cap in plan)\n",
        "    cost = max(cap for _, cap in plan)\n",
        f"{_AGENTS}test_a_plan_is_approved_as_a_whole[sqlite]",
    ),
    _mutant(
        "an agent's job counts in no session",
        "budget/scope.py",
        "        and (not scope.sessions or terms.caller.session in scope.sessions)\n",
        "        and not scope.sessions\n",
        f"{_AGENTS}test_a_persons_job_counts_for_no_agent[sqlite]",
    ),
    _mutant(
        "the books forget who called",
        "budget/ledger/rows.py",
        '    caller = Caller(*plain.pop("caller")) if "caller" in plain else PERSON\n',
        '    caller = PERSON if plain.pop("caller", None) is None else PERSON\n',
        f"{_AGENTS}test_a_persons_job_counts_for_no_agent[sqlite]",
    ),
    _mutant(
        "a settled job is forgotten by a new period",
        "budget/ledger/windows.py",
        "state <> 'VOID' GROUP BY terms",
        "state NOT IN ('VOID', 'SETTLED') GROUP BY terms",
        f"{_SPENT}test_a_budget_that_is_changed_forgets_nothing[sqlite-month to total-settled]",
    ),
    _mutant(
        "a window is opened while others write",
        "budget/ledger/postgres.py",
        'others = "" if alone else "_shared"',
        'others = "_shared"',
        f"{_SPENT}test_a_hundred_names_for_one_team_have_one_limit[postgres]",
    ),
    _mutant(
        "an empty file is taken as a new ledger",
        "budget/ledger/sqlite.py",
        "        if not os.path.lexists(path):\n            self._make(steps)\n",
        "        if os.path.lexists(path) and path.stat().st_size < _SHORTEST_BYTES:\n"
        "            path.unlink()\n"
        "        if not os.path.lexists(path):\n            self._make(steps)\n",
        f"{_FILE}test_a_ledger_that_is_cut_to_almost_nothing_is_not_a_new_one[0]",
    ),
    _mutant(
        "the answer is kept as it is",
        "budget/ledger/reserving.py",
        "answer=reduced_answer(answer))",
        "answer=answer)",
        f"{_SEND}test_of_the_answer_the_ledger_keeps_no_value_of_the_environment",
    ),
    _mutant(
        "decided before the question",
        "submit/agree.py",
        "        now = plan()\n",
        "        now = shown\n",
        "cli/test_run.py::test_what_is_spent_while_the_question_is_open_is_not_overspent",
    ),
    _mutant(
        "a record that contradicts itself costs nothing",
        "estimate/job_costs.py",
        '    contradicts = pl.col("started_at").is_not_null() & excluded.fill_null(value=False)\n',
        "    contradicts = excluded.is_null() & False\n",
        f"{_RECONCILE}test_a_record_that_contradicts_itself_costs_its_cap_until_the_bill_says_otherwise"
        "[ended when it started, beside running seconds]",
    ),
    _mutant(
        "decide before the question",
        "submit/agree.py",
        "        now = plan()\n",
        "        now = shown\n",
        f"{_AGREE}test_what_is_spent_while_the_question_is_open_refuses",
        f"{_AGREE}test_a_question_of_one_month_answered_in_the_next_counts_in_the_next",
    ),
    _mutant(
        "settle contradictions at 0",
        "estimate/job_costs.py",
        "pl.when(~contradicts)",
        "pl.when(contradicts | ~contradicts)",
        f"{_RECONCILE}test_a_record_that_contradicts_itself_costs_its_cap_until_the_bill_says_otherwise",
    ),
    _mutant(
        "an answer that grants more keeps the hold",
        "submit/send.py",
        "        alerts += _raise(order, recorded, launched, submitter)\n",
        "        alerts += ()\n",
        f"{_GRANTED}test_what_the_answer_grants_is_held[all of it]",
    ),
    _mutant(
        "a job that has more than was asked keeps the hold",
        "submit/reconciliation.py",
        "        if granted is None:\n",
        "        if granted is None or granted is not None:\n",
        f"{_GRANTED}test_what_a_listing_shows_later_is_held_too[all of it]",
    ),
    _mutant(
        "a hold is raised in the submission and not in its budgets",
        "budget/ledger/raising.py",
        "held=holds.get(key, 0) - held.get(key, 0)",
        "held=0",
        f"{_GRANTED}test_what_the_answer_grants_is_held[all of it]",
    ),
    _mutant(
        "commits that are not on the disk",
        "budget/ledger/sqlite.py",
        '"synchronous=FULL"',
        '"synchronous=OFF"',
        f"{_CRASH}[submit-fdatasync]",
    ),
    _mutant(
        "another flavor is tried before the job has ended",
        "submit/waiting.py",
        "        if job.is_terminal or (not is_taken and not is_waiting(job)):\n",
        "        if job.id:\n",
        f"{_FALLBACK}test_a_cancel_that_proves_nothing_sends_no_other",
    ),
    _mutant(
        "the next is reserved before the one before is settled",
        "budget/ledger/ledger.py",
        "            first(tx)\n            found = reserving.reserve_all(tx, wanted, tokens)\n",
        "            found = reserving.reserve_all(tx, wanted, tokens)\n            first(tx)\n",
        f"{_REPLACED}test_the_next_has_the_money_of_the_one_before[sqlite-700]",
    ),
    _mutant(
        "a job that may run frees its money for another",
        "budget/ledger/ledger.py",
        "if standing is None or standing.state not in {*_WITH_COST, State.SETTLED}:",
        "if standing is None:",
        f"{_REPLACED}test_what_may_run_frees_no_money[sqlite-UNKNOWN]",
    ),
    _mutant(
        "a cancelled job without an end costs nothing",
        "plan/fallback_run.py",
        "        return replace(found, cost_micro_usd=most,",
        "        return replace(found, cost_micro_usd=0,",
        f"{_FALLBACK}test_a_record_without_an_end_costs_the_minute_in_which_nobody_looked",
    ),
    _mutant(
        "a job that somebody cancels is replaced",
        "plan/fallback_run.py",
        "            if not self._is_given_up(sid):\n",
        "            if not sid:\n",
        f"{_FALLBACK}test_a_job_that_somebody_cancels_is_not_replaced",
    ),
    _mutant(
        "a job is cancelled before it is written that it is given up",
        "plan/fallback_run.py",
        "        if not ledger.give_up(",
        "        cancel_waiting(hub, current, clock, self._sleep)\n        if not ledger.give_up(",
        f"{_FALLBACK}test_that_it_is_given_up_is_written_before_it_is_cancelled",
    ),
    _mutant(
        "a job that waits is cancelled for one that is too dear",
        "plan/fallback_run.py",
        "            if error is None:\n",
        "            if error is None or flavor:\n",
        f"{_FALLBACK}test_a_job_that_waits_is_not_lost_for_one_that_is_too_dear",
    ),
    Mutant(
        "a job that had started when it was cancelled is sent again",
        (
            Edit(
                "submit/waiting.py",
                "        return self.is_ours and _is_cancelled(self.job) and self.job.started_at is not None\n",
                "        return not self.job.id\n",
            ),
            Edit(
                "submit/waiting.py",
                "    return _is_cancelled(job) and job.started_at is None\n",
                "    return _is_cancelled(job)\n",
            ),
        ),
        (f"{_FALLBACK}test_a_job_that_starts_in_the_moment_of_the_cancel_is_not_sent_again",),
    ),
    _mutant(
        "a rehearsal is written",
        "budget/ledger/ledger.py",
        "            raise _Rehearsed(found)\n",
        "            _Rehearsed(found)\n",
        f"{_REPLACED}test_a_rehearsal_says_what_would_be_and_writes_nothing[sqlite-990-True]",
    ),
    _mutant(
        "what may not exist is given up",
        "budget/ledger/giving_up.py",
        "    if before is None or before.state not in {State.LAUNCHED, State.ADOPTED}:\n",
        "    if before is None:\n",
        f"{_REPLACED}test_what_has_no_job_that_waits_is_not_given_up",
    ),
    _mutant(
        "a schedule is let go as soon as it is listed",
        "submit/schedules.py",
        "    if now - submission.changed_at < _LISTED_AFTER:\n",
        "    if now - submission.changed_at < timedelta():\n",
        f"{_SCHEDULES}test_it_is_held_for_as_long_as_somebody_may_not_have_seen_it",
    ),
    _mutant(
        "a schedule that is not listed is let go",
        "submit/schedules.py",
        "        done.unknown.append(submission.sid)\n\n\ndef _let_go",
        "        now = submitter.clock()\n"
        '        submitter.ledger.void(submission.sid, from_state=State.UNKNOWN, reason="No.", at=now)\n\n\n'
        "def _let_go",
        f"{_SCHEDULES}test_a_fault_that_proves_nothing_holds_the_money_until_the_schedule_is_found"
        "[dropped before the effect]",
    ),
    _mutant(
        "a schedule of another's label is taken for ours",
        "submit/schedules.py",
        "        if found.get(LEDGER_LABEL) == ledger_id and SID_LABEL in found\n",
        "        if LEDGER_LABEL in found and SID_LABEL in found and ledger_id\n",
        f"{_SCHEDULES}test_a_schedule_of_another_ledger_is_not_ours",
    ),
    _mutant(
        "a request for a schedule is sent again",
        "submit/send.py",
        "            return submitter.hub.scheduled.launch(order.namespace, order.timetable.when.body(spec))\n",
        "            try:\n"
        "                return submitter.hub.scheduled.launch(order.namespace, order.timetable.when.body(spec))\n"
        "            except HubError:\n"
        "                return submitter.hub.scheduled.launch(order.namespace, order.timetable.when.body(spec))\n",
        f"{_SCHEDULES}test_a_fault_that_proves_nothing_holds_the_money_until_the_schedule_is_found"
        "[dropped after the effect]",
    ),
    _mutant(
        "what a schedule holds ends with its period",
        "submit/kept_schedules.py",
        "    return [*listed, *map(_as_listed, unseen)]\n",
        "    return [*listed, *map(_as_listed, unseen[:0])]\n",
        f"{_SCHEDULES}test_its_runs_of_the_next_period_count_before_it_is_listed",
    ),
    _mutant(
        "a schedule that is held and listed counts twice",
        "budget/off_ledger_reading.py",
        "        if submission is not None and _holds(submission, window, cost):\n",
        "        if submission is not None and submission.sid == schedule.id and _holds(submission, window, cost):\n",
        f"{_SCHEDULES}test_what_is_held_and_listed_counts_once",
    ),
    _mutant(
        "a schedule that is let go after the look counts nowhere",
        "budget/ledger/windows.py",
        "    if now is window or _hold(tx, now, 0):\n",
        "    if now is not None or _hold(tx, now, 0):\n",
        f"{_HELD}test_what_was_let_go_since_the_look_counts[sqlite-401]",
    ),
    _mutant(
        "a schedule is not looked at beside shorter periods",
        "submit/send.py",
        "    if not beside:\n        return\n",
        "    if not beside or beside:\n        return\n",
        f"{_SCHEDULES}test_two_at_once_are_never_both_made_where_one_fits_a_shorter_period",
    ),
)
