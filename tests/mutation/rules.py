"""The rules whose tests are judged by mutants: each pure module, with the tests that are to notice a change of it.

The one place to change when a module or a test file is renamed; tests/rules/test_mutation_lists.py holds it to what
there is. The quick tests come first. Those of `later` are slower, and run for a change that the first did not notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

ROOM: Final = "layers/hotline/python/hotline"
PROMISES: Final = "rules/test_promises.py"


@dataclass(frozen=True, slots=True)
class Rule:
    """A module by its file below ROOM, and the tests that are run, in this order. A test is a file below tests/, or one
    test of a file that has slow ones, too."""

    file: str
    first: tuple[str, ...]
    later: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"{ROOM}/{self.file}"

    @property
    def room(self) -> str:
        return self.file.partition("/")[0]

    @property
    def module(self) -> str:
        return "hotline." + self.file.removesuffix(".py").replace("/", ".")

    def groups(self, *, at_top: bool) -> Iterator[tuple[str, ...]]:
        """The tests as they are run one after another, as paths. `at_top`: for a table or limit of the module itself,
        of which the promised figures are asked first."""
        for files in ((PROMISES,) if at_top else (), self.first, self.later):
            if files:
                yield tuple(f"tests/{file}" for file in files)


_LOCKS: Final = (
    "rooms/lockout/test_tiers.py", "rooms/lockout/test_records.py", "rooms/lockout/test_views.py",
    "rooms/lockout/test_pauses.py",
)  # fmt: skip
_LOCKS_LATER: Final = (
    "rooms/lockout/test_requests.py", "rooms/lockout/test_locks_stored.py", "functions/test_deadlines.py",
    "functions/test_messenger_lock_notices.py",
)  # fmt: skip
_CODES: Final = (
    "rooms/identity/test_counters.py", "rooms/identity/test_codes_and_operations.py", "rooms/identity/test_limits.py",
)  # fmt: skip
_CODES_LATER: Final = (
    "security/test_takeover_by_talked_out_codes.py", "security/test_guessing_limits.py",
    "security/test_flooding_budgets.py", "functions/test_api_limits.py", "functions/test_messenger_limits.py",
    "rooms/identity/test_limits_stored.py",
    "security/test_guessing_by_strangers.py::test_a_row_begins_anew_by_proof_and_by_a_point_confirmed_again",
    "security/test_guessing_by_strangers.py::test_a_hundred_in_a_row_end_the_way_by_which_they_came_and_no_other",
)  # fmt: skip
_POINTS: Final = (
    "rooms/accounts/test_profiles.py", "rooms/accounts/test_points.py", "rooms/accounts/test_changes.py",
)  # fmt: skip
_POINTS_LATER: Final = (
    "security/test_takeover_by_enrolled_factors.py", "functions/test_wallet_events_contact_points.py",
)  # fmt: skip
_PAYMENTS: Final = (
    "rooms/payments/test_diagnosis.py", "rooms/payments/test_failures.py", "rooms/payments/test_folds.py",
)  # fmt: skip
_PAYMENTS_LATER: Final = ("rooms/payments/test_payments_stored.py",)
_REFUNDS: Final = (
    "rooms/refunds/test_promises.py", "rooms/refunds/test_policy.py", "rooms/refunds/test_folds.py",
)  # fmt: skip
_REFUNDS_LATER: Final = (
    "security/test_takeover_by_refunds.py", "rooms/refunds/test_requests.py", "functions/test_deadlines.py",
)  # fmt: skip
_WORDS: Final = (
    "rooms/wording/test_values.py", "rooms/wording/test_speech.py", "rooms/wording/test_promised_days.py",
    "functions/test_sentences_natural.py::test_two_of_something_is_said_as_liang",
    "functions/test_sentences_natural.py::test_two_is_written_as_a_digit_and_a_key_is_named_by_its_digit",
)  # fmt: skip
_DETECTORS: Final = (
    "rooms/security/test_detectors_fold.py", "rooms/security/test_detectors.py", "rooms/security/test_watch.py",
)  # fmt: skip
_DETECTORS_LATER: Final = ("rooms/security/test_scan_stored.py",)
_MONEY: Final = (*_DETECTORS, "rooms/security/test_money_detection.py", "rooms/security/test_returned_money.py")
_PINS: Final = ("rooms/identity/test_pins.py", "functions/test_connect_pins.py")

_WORDS_TOLD: Final = ("rules/test_stored_words.py", "rules/test_error_codes.py")
"""The words of enumerations, as items, logs and clients know them."""
_ACCESS: Final = ("rooms/agents/test_access.py", "rooms/agents/test_proofs.py")
_ACCESS_LATER: Final = ("functions/agent_api/test_agent_accounts.py", "functions/agent_api/test_agent_cases.py")
_CASES: Final = ("rooms/cases/test_timeline.py", "rooms/cases/test_contents.py", "rooms/cases/test_agents_work.py")
_REPORTS: Final = ("rooms/reports/test_counts.py", "rooms/reports/test_last_look.py", "rooms/reports/test_reports.py")
_REPORTS_LATER: Final = ("rooms/reports/test_counted_once.py", "functions/test_contact_events.py")
_VERDICTS: Final = ("rooms/security/test_feedback.py", "rooms/security/test_labels.py")
_FINDINGS: Final = (
    "rooms/security/test_findings.py",
    "rooms/security/test_findings_life.py", "rooms/security/test_suppressions.py", "rooms/security/test_watch.py",
    "rooms/security/test_scan_stored.py",
)  # fmt: skip
_FINDINGS_LATER: Final = (
    "rooms/security/test_source_accounts.py", "rooms/security/test_denials.py", "rooms/security/test_account_risk.py",
    "rooms/security/test_scan_aside.py", "functions/test_findings_digest.py",
)  # fmt: skip
_LINES: Final = (
    "local/test_backtest_edges.py",
    "local/test_backtest_reader.py",
    "rooms/backtest/test_reader_and_rows.py",
)
_ENGINE: Final = (
    "local/test_backtest_engine.py", "local/test_backtest_measures.py",
    "local/test_backtest_periods.py::test_measures_are_those_of_a_naive_count",
    "local/test_backtest_periods.py::test_movements_of_before_the_period_are_no_events",
    "local/test_backtest_periods.py::test_an_account_that_gets_the_money_of_a_fraud_is_judged_by_a_label_of_its_own",
)  # fmt: skip
"""Of the tests of periods none that has workers: a trial is a fork that may have no processes of its own."""

RULES: Final[tuple[Rule, ...]] = (
    Rule("accounts/changes.py", (*_POINTS, "rooms/identity/test_targets.py"), _POINTS_LATER),
    Rule("accounts/policy.py", _POINTS, _POINTS_LATER),
    Rule("accounts/stops.py", ("rooms/identity/test_targets.py",), ("security/test_takeover_by_enrolled_factors.py",)),
    Rule("agents/access.py", _ACCESS, _ACCESS_LATER),
    Rule("agents/actions.py", ("rules/test_stored_words.py", "rooms/agents/test_actions.py"), _ACCESS_LATER),
    Rule("agents/approvals.py", ("rooms/agents/test_approvals.py",), ("rooms/agents/test_limits.py", *_ACCESS_LATER)),
    Rule("agents/contacts.py", ("rooms/agents/test_access.py",), ("functions/test_contact_events_agents.py",)),
    Rule("agents/legs.py", ("rooms/agents/test_legs.py", "rooms/agents/test_access.py")),
    Rule("agents/limits.py", ("rules/test_stored_words.py", "rooms/agents/test_limits.py")),
    Rule(
        "agents/model.py",
        ("rooms/agents/test_access.py", *_WORDS_TOLD),
        ("functions/agent_api/test_agent_access.py", "functions/agent_api/test_agent_activity.py"),
    ),
    Rule("agents/next_steps.py", ("rules/test_stored_words.py", "rooms/agents/test_next_steps.py"), _ACCESS_LATER),
    Rule("backtest/engine.py", _ENGINE, ("local/test_backtest_ids.py",)),
    Rule("backtest/fields.py", _LINES),
    Rule("backtest/figures.py", _ENGINE),
    Rule("backtest/lines.py", _LINES),
    Rule("backtest/movements.py", (*_LINES, *_ENGINE)),
    Rule("backtest/reader.py", (*_LINES, *_ENGINE)),
    Rule("backtest/recent.py", ("local/test_backtest_engine.py", *_LINES)),
    Rule("cases/clocks.py", ("rooms/cases/test_contents.py",), ("functions/test_messenger_tasks.py",)),
    Rule("cases/model.py", (*_CASES, *_WORDS_TOLD), ("rooms/cases/test_queue.py",)),
    Rule("cases/queue.py", ("rooms/cases/test_queue.py",)),
    Rule("cases/references.py", ("rooms/cases/test_references.py",)),
    Rule("directory/hours.py", ("rooms/directory/test_hours.py",)),
    Rule("directory/editions.py", ("rooms/directory/test_editions.py",)),
    Rule("directory/numbers.py", ("rooms/directory/test_numbers.py",)),
    Rule("identity/approvals.py", ("rooms/agents/test_approvals.py",), _ACCESS_LATER),
    Rule("identity/choices.py", ("rooms/identity/test_targets.py", *_CODES), ("functions/test_connect_identity.py",)),
    Rule("identity/code_messages.py", _CODES, _CODES_LATER),
    Rule("identity/counters.py", _CODES, _CODES_LATER),
    Rule(
        "identity/gate.py",
        (*_CODES, "rooms/agents/test_approvals.py", "rooms/agents/test_acts.py"),
        ("security/test_takeover_by_talked_out_codes.py",),
    ),
    Rule("identity/limits.py", _CODES, _CODES_LATER),
    Rule("identity/pins.py", _PINS, ("security/test_takeover_by_enrolled_factors.py",)),
    Rule("identity/account_factors.py", ("rooms/agents/test_unproved_unfreezes.py",)),
    Rule("identity/policy.py", _CODES, _CODES_LATER),
    Rule(
        "identity/targets.py", ("rooms/identity/test_targets.py",), ("security/test_takeover_by_enrolled_factors.py",)
    ),
    Rule("lockout/registers.py", _LOCKS, _LOCKS_LATER),
    Rule("lockout/policy.py", _LOCKS, _LOCKS_LATER),
    Rule("lockout/tiers.py", _LOCKS, _LOCKS_LATER),
    Rule(
        "payments/answers.py",
        ("rooms/payments/test_answers.py", "rooms/payments/test_arrivals.py"),
        ("rooms/payments/test_twins.py",),
    ),
    Rule("payments/arrivals.py", ("rooms/refunds/test_promises.py", "rooms/payments/test_arrivals.py")),
    Rule("payments/bill_due.py", ("functions/test_bill_reminders.py",)),
    Rule("payments/bills.py", ("rooms/payments/test_bills.py",)),
    Rule("payments/diagnosis.py", _PAYMENTS, _PAYMENTS_LATER),
    Rule("payments/decline_codes.py", _PAYMENTS, _PAYMENTS_LATER),
    Rule("payments/failures.py", (*_PAYMENTS, *_WORDS_TOLD), _PAYMENTS_LATER),
    Rule(
        "payments/folds.py",
        (*_PAYMENTS, "rooms/payments/test_funds.py", "rooms/payments/test_owed.py"),
        (*_PAYMENTS_LATER, "rooms/payments/test_answers.py", "rooms/payments/test_facts_requests.py"),
    ),
    Rule("payments/funds.py", ("rooms/payments/test_funds.py",), ("functions/agent_api/test_agent_money.py",)),
    Rule("payments/holds.py", ("rooms/payments/test_facts_requests.py",)),
    Rule("payments/interest.py", ("rooms/payments/test_interest.py", "rooms/payments/test_funds.py")),
    Rule(
        "payments/ledger.py",
        (*_PAYMENTS, "rooms/payments/test_owed.py"),
        (*_PAYMENTS_LATER, "rooms/payments/test_answers.py"),
    ),
    Rule(
        "payments/model.py",
        (*_PAYMENTS, "rooms/payments/test_owed.py", *_WORDS_TOLD),
        (*_PAYMENTS_LATER, "rooms/payments/test_facts_requests.py"),
    ),
    Rule(
        "payments/outcomes.py",
        ("rooms/payments/test_outcomes.py", "rooms/payments/test_facts_requests.py", *_WORDS_TOLD),
    ),
    Rule(
        "payments/reminders.py",
        ("rooms/payments/test_reminders.py", *_WORDS_TOLD),
        ("functions/test_bill_reminders.py",),
    ),
    Rule("payments/twins.py", ("rooms/payments/test_twins.py", *_WORDS_TOLD)),
    Rule("refunds/due.py", ("functions/test_deadlines.py",), ("rooms/refunds/test_outcomes.py",)),
    Rule("refunds/folds.py", _REFUNDS, _REFUNDS_LATER),
    Rule("refunds/policy.py", _REFUNDS, _REFUNDS_LATER),
    Rule("refunds/pairs.py", ("rooms/refunds/test_pairs.py",)),
    Rule("refunds/promises.py", _REFUNDS, _REFUNDS_LATER),
    Rule("refunds/rules.py", (*_REFUNDS, "rooms/refunds/test_laws.py"), _REFUNDS_LATER),
    Rule("refunds/clocks.py", ("rooms/refunds/test_clocks.py",), ("functions/test_deadlines.py",)),
    Rule("refunds/late_words.py", ("rooms/refunds/test_late_words.py",), ("functions/test_deadlines.py",)),
    Rule("refunds/expiries.py", ("rooms/refunds/test_clocks.py",), ("functions/test_deadlines.py",)),
    Rule("reports/calls.py", _REPORTS, _REPORTS_LATER),
    Rule("reports/figures.py", _REPORTS),
    Rule("reports/matters.py", _REPORTS, _REPORTS_LATER),
    Rule("reports/model.py", (*_REPORTS, *_WORDS_TOLD), _REPORTS_LATER),
    Rule("security/activity.py", ("rooms/security/test_activity.py", *_DETECTORS), _DETECTORS_LATER),
    Rule(
        "security/checkup.py",
        ("rooms/security/test_checkup.py",),
        ("functions/test_connect_checkup.py", "functions/test_checkup_channels.py"),
    ),
    Rule(
        "security/checkup_reading.py",
        ("rooms/security/test_checkup_reading.py", "functions/test_connect_checkup.py"),
        ("functions/test_checkup_channels.py",),
    ),
    Rule("security/detectors/agent_approvals.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/agent_browsing.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/agent_deeds.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/agent_openings.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/agent_unmasking.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/card_testing.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/code_flooding.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/counterparty_risk.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/credential_stuffing.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/distributed_guessing.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/drain.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/failed_login_burst.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/floors.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/history.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/impossible_travel.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/journeys.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/marks.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/new_devices_in_a_row.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/no_second_factor.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/one_contact_point.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/ongoing.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/pass_through.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/password_spray.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/slow_stuffing.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/refund_abuse.py", _MONEY, _DETECTORS_LATER),
    Rule(
        "security/detectors/reset_device_transfer.py",
        (*_DETECTORS, "rooms/security/test_reset_device_transfer.py"),
        _DETECTORS_LATER,
    ),
    Rule("security/detectors/returns.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/source_tries.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/spend_anomaly.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/states.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/stale_password.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/success_after_attack.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/two_countries.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/detectors/velocity.py", _MONEY, _DETECTORS_LATER),
    Rule("security/detectors/windows.py", _DETECTORS, _DETECTORS_LATER),
    Rule("security/feedback.py", _VERDICTS, ("rooms/security/test_denials.py", "rooms/reports/test_reports.py")),
    Rule("security/findings.py", _FINDINGS, _FINDINGS_LATER),
    Rule("security/fold.py", _MONEY, _DETECTORS_LATER),
    Rule("security/model.py", (*_DETECTORS, *_WORDS_TOLD), _DETECTORS_LATER),
    Rule("security/score.py", _MONEY, _DETECTORS_LATER),
    Rule(
        "security/subject_run.py",
        ("rooms/security/test_scan_stored.py", "rooms/security/test_account_risk.py"),
        ("rooms/security/test_scan_aside.py", "rooms/security/test_scan_replay.py"),
    ),
    Rule(
        "security/verdicts.py",
        (*_VERDICTS, "rooms/security/test_verdicts.py", "rooms/security/test_findings_life.py"),
        (
            "rooms/security/test_account_risk.py",
            "functions/agent_api/test_agent_findings.py",
            "rooms/security/test_suppressions.py",
        ),
    ),
    Rule("security/watch.py", _DETECTORS, _DETECTORS_LATER),
    Rule("wording/amounts.py", _WORDS),
    Rule("wording/catalogue.py", ("rooms/wording/test_catalogues.py", *_WORDS)),
    Rule("wording/messages.py", ("rooms/wording/test_messages.py",)),
    Rule("wording/rendering.py", _WORDS),
    Rule("wording/speech.py", _WORDS),
    Rule("wording/times.py", _WORDS),
    Rule("wording/values.py", _WORDS),
)

NOT_RUN: Final = "not moto and not ministack"
"""Of tests that run on three stores the one in memory is enough: the rules do not know where things are stored."""

type Members = Mapping[str, tuple[str, ...]]
"""The names of enumerations in a module, with their members."""
