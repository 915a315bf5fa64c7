"""The figures that the rules promise to people, as numbers: days, tries, windows, amounts.

Other tests name a constant and follow it whatever it becomes. Here each figure stands once as a literal beside its
source, so that a change of a promise is a change of this table. Every figure of the modules below is in one of the two
tables: in PROMISES, or in NO_PROMISES. There stands the reason why nobody is promised anything by it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, Final
from unittest.mock import ANY

from hotline.identity.model import ByAgent, Operation
from hotline.identity.policy import REQUIREMENTS, Pace
from hotline.kit.counts.rates import Rate
from hotline.lockout.tiers import Tier
from hotline.payments.arrivals import Term
from hotline.refunds.laws import Clock, DayKind
from hotline.refunds.policy import WalletPolicy
from hotline.security.detectors import Detector
from tests.support.sweeps import sweep

SECONDS, MINUTES, HOURS, DAYS = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
AUTO_APPROVE: Final = {"CNY": 50_000, "EUR": 6_000, "USD": 6_000, "GBP": 5_000, "HKD": 50_000, "JPY": 10_000}
REQUEST_CAP: Final = {"CNY": 500_000, "EUR": 60_000, "USD": 60_000, "GBP": 50_000, "HKD": 500_000, "JPY": 100_000}
WALLET_POLICY: Final = WalletPolicy(
    version="wallet-1",
    window=365 * DAYS,
    auto_approve_minor=AUTO_APPROVE,
    request_cap_minor=REQUEST_CAP,
    velocity_window=30 * DAYS,
    velocity_max=3,
    denied_window=1 * DAYS,
    denied_max=5,
)
CLOCKS: Final = {
    **dict.fromkeys(("security", "dispute", "unconfirmed"), 1 * HOURS),
    "lockout": 4 * HOURS,
    **dict.fromkeys(("payment", "refund", "general"), 8 * HOURS),
    "advice": 16 * HOURS,
}
ANSWER_STEPS_S: Final = tuple(
    [5 * step for step in range(1, 13)]
    + [60 + 15 * step for step in range(1, 17)]
    + [300 + 60 * step for step in range(1, 26)]
)

OWN_FIGURE: Final = Term(None, 10, ANY, is_certain=False)
TERMS: Final = {
    ("wechat", "balance"): Term(0, 1, ANY, business=False),
    ("wechat", "bank_card"): Term(2, 3, ANY),
    ("wechat", "card"): Term(2, 3, ANY),
    ("alipay", "balance"): Term(0, 1, ANY, business=False),
    ("alipay", "bank_card"): OWN_FIGURE,
    ("alipay", "card"): OWN_FIGURE,
    ("paypal", "balance"): Term(0, 1, ANY, business=False),
    ("paypal", None): Term(18, 30, ANY, business=False),
    ("razorpay", "balance"): Term(2, 3, ANY),
    (None, "balance"): Term(0, 1, ANY),
    (None, "bank_card"): Term(8, 10, ANY),
    (None, "card"): Term(8, 10, ANY),
    (None, "bank_account"): Term(6, 10, ANY),
    (None, "credit_line"): Term(None, 10, ANY),
    (None, "upi"): Term(5, 7, ANY),
    (None, "paypal"): Term(18, 30, ANY, business=False),
}

type Promised = tuple[Any, str]
"""The figure, and its source: a standard with its section, or the decision that it is."""

_FAMILIAR: Final[Mapping[str, Promised]] = {
    "DETECTOR.limits.seen_days": (5, "Entra ID Protection: unfamiliar sign-in properties, five days at least"),
    "DETECTOR.limits.found_days": (3, "decision: people have judged it three times"),
    "DETECTOR.limits.account_days": (6, "decision: two pairs of places that are found on three days each"),
    "DETECTOR.limits.forgotten_ms": (30 * 24 * _HOUR_MS, "decision: habits change in a month"),
}
"""The limits of both rules about journeys."""

PROMISES: Final[Mapping[str, Mapping[str, Promised]]] = {
    "hotline.accounts.changes": {
        "CHANGE_WAIT": (72 * HOURS, "practice: no code to a number that changed in the last 24 to 72 hours"),
        "SIM_CHANGE_WAIT": (72 * HOURS, "NIST SP 800-63B-4, out-of-band by telephone: consider a SIM change"),
    },
    "hotline.accounts.facts_requests": {
        "AGAIN_AFTER": ((1 * HOURS, 6 * HOURS), "decision: providers know most outcomes within the hour or the day"),
        "ANSWERED_WITHIN": (1 * HOURS, "decision: as long as the first request waits"),
        "REQUEST_LIFE": (30 * DAYS, "decision: then a thing that is still open may be asked about anew"),
    },
    "hotline.accounts.feed": {
        "WAIT_MAX": (6 * HOURS, "decision: a promise ends at midnight, and this ends before the morning"),
        "LOOK_AGAIN": (10 * MINUTES, "decision: by then a feed that was behind is known to have caught up"),
        "BEHIND_AFTER": (2 * MINUTES, "decision: a fact usually arrives within seconds"),
        "DRAINED_AFTER": (10 * MINUTES, "decision: longer than the five tries of the facts queue"),
    },
    "hotline.accounts.notice_rates": {
        "NOTICES": (Rate("notices", 24 * HOURS), "OWASP ASVS 5.0, 2.4.1"),
        "OF_A_KIND_MAX": (6, "decision: the sixth of a day says that no more follow"),
    },
    "hotline.accounts.phones": {
        "KEYED_DIGITS_MIN": (5, "ITU-T E.164: no shorter number is complete"),
        "KEYED_DIGITS_MAX": (20, "ITU-T E.164: 15 digits, and an access code and a trunk prefix before them"),
    },
    "hotline.accounts.policy": {
        "OWNERS_MAX": (5, "decision: more accounts at one number are no household"),
        "VERSIONS_KEPT": (8, "docs/contracts.md: how late facts may be"),
        "PRESENT_POINTS_MAX": (10, "decision: twice what a list may hold"),
        "REMOVED_POINTS_KEPT": (10, "docs/security.md, what grows"),
        "FORMER_POINTS_KEPT": (10, "docs/security.md, what grows"),
        "RECIPIENTS_MAX": (8, "decision: messages that one notice may cost"),
        "PRESENT_TOLD_FIRST": (5, "decision: at least three messages are left for former points"),
        "NOTICE_AFTER_REMOVAL": (30 * DAYS, "NIST SP 800-63B-4: notice of recovery to all addresses"),
    },
    "hotline.agents.approvals": {
        "APPROVAL_LIFE": (4 * HOURS, "decision: within one shift"),
        "OWN_MAX": (50, "decision: more requests than one case ever needs"),
    },
    "hotline.agents.contacts": {
        "HELD_MAX": (2 * HOURS, "decision: longer than any call that people remember"),
        "UNHEARD_MAX": (2 * HOURS, "decision: nobody waits longer"),
        "LIVE_MAX": (10, "decision: one call, and those in wrap-up"),
    },
    "hotline.agents.limits": {
        "HOUR": (1 * HOURS, "what the word says"),
        "LOOK_UPS_MAX": (60, "decision: three times what a busy agent needs"),
        "UNMASKINGS_MAX": (10, "decision: beyond them it takes a second person"),
        "OPENINGS_MAX": (20, "decision: three times what a busy agent needs"),
        "APPROVALS_MAX": (20, "decision: who approves each three minutes does not look"),
        "REQUESTS_MAX": (20, "decision: as many as a supervisor may decide on"),
        "REVIEWS_MAX": (30, "decision: three times what a busy agent needs"),
    },
    "hotline.agents.model": {
        "TOKEN_LIFE": (15 * MINUTES, "docs/agent-api.md, tokens"),
    },
    "hotline.cases.clocks": {
        "CLOCKS": (CLOCKS, "decision: far within PSD2, article 101, and Regulation E, 1005.11"),
        "OTHERWISE": (8 * HOURS, "decision: the clock of most topics"),
        "RISK_LEAD": (4 * HOURS, "docs/desk.md, risk: half the clock of most topics"),
        "URGENT_WITHIN": (1 * HOURS, "decision: the shortest clock of a topic"),
        "TASK_WITHIN": (15 * MINUTES, "decision: then a task brings the case to a person"),
        "CALL_WITHIN": (1 * HOURS, "decision: a call brings most cases to a person before"),
    },
    "hotline.cases.items": {
        "TOLD_CLOSED": (90 * DAYS, "docs/api.md, cases"),
        "_POINTERS_MAX": (20, "decision: twice as many as there are topics"),
    },
    "hotline.cases.records": {
        "SAID_MAX": (10, "docs/security.md, what grows"),
    },
    "hotline.cases.told": {
        "TOLD_PAGE_MAX": (10, "docs/api.md, cases"),
    },
    "hotline.cases.queue": {
        "QUEUE_PAGE_MAX": (50, "docs/security.md, what grows"),
        "SKILLS_MAX": (32, "decision: more than there are topics and languages"),
    },
    "hotline.cases.references": {
        "REFERENCE_DIGITS": (6, "decision: two groups of three"),
        "REFERENCE_LIFE": (90 * DAYS, "Regulation E, 12 CFR 1005.11: longer than 45 days"),
        "RENEWED_WITHIN": (45 * DAYS, "decision: half of a reference's life"),
    },
    "hotline.contracts.limits": {
        "INTEGER_MAX": (9_007_199_254_740_991, "RFC 8259, section 6"),
        "ID_CHARACTERS_MAX": (128, "docs/contracts.md"),
        "ACCOUNT_ID_CHARACTERS_MAX": (64, "docs/contracts.md"),
        "TYPE_CHARACTERS_MAX": (64, "docs/contracts.md"),
        "NAME_CHARACTERS_MAX": (200, "docs/contracts.md"),
        "NOTE_CHARACTERS_MAX": (500, "docs/contracts.md"),
        "WORD_CHARACTERS_MAX": (64, "docs/contracts.md"),
        "EMAIL_CHARACTERS_MAX": (254, "RFC 5321, section 4.5.3.1.3"),
        "CONTACT_POINTS_MAX": (5, "docs/contracts.md"),
        "CATEGORIES_MAX": (50, "docs/contracts.md"),
        "WINDOW_DAYS_MAX": (3650, "docs/contracts.md"),
        "DIGEST_ACCOUNTS_MAX": (200, "docs/contracts.md, digests"),
        "THINGS_ASKED_MAX": (25, "docs/contracts.md, when the hotline asks"),
        "ANSWER_DAYS_MAX": (60, "docs/contracts.md"),
        "ANNUAL_PPM_MAX": (1_000_000, "decision: 100 % a year, beyond any product of a wallet"),
        "INCOME_E4_MAX": (1_000_000, "decision: 1 % of the balance in a day, beyond any fund of a wallet"),
        "SHOWN_WITHIN_DAYS_MAX": (60, "decision: longer than any biller takes"),
        "YEAR_MIN": (2000, "docs/contracts.md"),
        "YEAR_MAX": (2199, "docs/contracts.md"),
    },
    "hotline.directory.editions": {
        "BANNER_CHARACTERS_MAX": (200, "decision: some 15 seconds of speech"),
        "BANNER_LIFE_MAX": (7 * DAYS, "decision: a banner that nobody takes down ends by itself"),
        "NUMBERS_MAX": (10, "decision: more than anybody compares with"),
    },
    "hotline.directory.hours": {
        "SPANS_PER_DAY_MAX": (4, "decision: two breaks a day, and one more"),
        "SPECIAL_DAYS_MAX": (50, "Amazon Connect: overrides of one set of hours"),
        "NAME_CHARACTERS_MAX": (60, "decision: a line of the desk"),
        "SEARCH_DAYS_MAX": (62, "decision: longer than the special days in a row"),
    },
    "hotline.directory.numbers": {
        "TYPED_CHARACTERS_MAX": (40, "ITU-T E.164: 15 digits, and prefixes and separators"),
    },
    "hotline.identity.code_messages": {
        "MESSAGES": (Rate("code-messages", 5 * MINUTES, shards=4), "OWASP ASVS 5.0, 2.4.1"),
        "ALL": (Rate("code-messages#all", 5 * MINUTES, shards=8), "OWASP ASVS 5.0, 2.4.1"),
        "STRANGERS_PERCENT": (25, "decision: what somebody who shows nothing may take away"),
        "OWN_NUMBER_PERCENT": (75, "decision: a quarter stays for who has proved a factor"),
    },
    "hotline.identity.codes": {
        "CODE_DIGITS": (6, "NIST SP 800-63B-4, 3.1.3.2: at least six digits"),
    },
    "hotline.identity.limits": {
        "WRONG_CODES": (Rate("wrong-codes", 5 * MINUTES, shards=8), "docs/security.md, guessing"),
        "WRONG_DECOYS": (Rate("wrong-decoys", 5 * MINUTES, shards=8), "docs/security.md, guessing"),
        "STRANGERS_PART": (3, "decision: three ways together stay below twice one sum"),
        "CODES_OF_ACCOUNT": (
            ((Rate("codes-soon", 15 * MINUTES), 6), (Rate("codes-day", 24 * HOURS), 16)),
            "OWASP ASVS 5.0, 2.4.1: as much as two contact points may have",
        ),
        "CALLS": (Rate("calls", 1 * HOURS, shards=4), "docs/security.md, limits"),
        "CALLS_PER_NUMBER_MAX": (20, "decision: a household or a small office stays below"),
    },
    "hotline.identity.notices": {
        "REPUDIATION_LIFE": (7 * DAYS, "decision: who reads a notice later calls"),
    },
    "hotline.identity.pins": {
        "PIN_DIGITS_MIN": (6, "NIST SP 800-63B-4, 3.1.1.2"),
        "PIN_DIGITS_MAX": (12, "decision: what people key in without an error"),
    },
    "hotline.identity.policy": {
        "FACTOR_LIFE": (10 * MINUTES, "decision: a proved factor is good for ten minutes"),
        "CODE_LIFE": (10 * MINUTES, "NIST SP 800-63B-4, 3.1.3.2: at most ten minutes"),
        "CODE_TRIES": (3, "docs/security.md, limits"),
        "CHALLENGE_KEPT": (25 * HOURS, "decision: an hour more than a call"),
        "CODES_PER_QUARTER_HOUR": (3, "docs/security.md, limits"),
        "CODES_PER_DAY": (8, "docs/security.md, limits"),
        "WRONG_PER_DAY": (8, "docs/security.md, limits"),
        "WRONG_IN_A_ROW": (100, "NIST SP 800-63B-4, 3.2.2: at most 100 failures in a row"),
        "QUARTER_HOUR": (15 * MINUTES, "what the word says"),
        "DAY": (24 * HOURS, "what the word says"),
        "FACTOR_BLOCK": (24 * HOURS, "docs/security.md, limits"),
        "USUAL": (Pace(tries=3, codes_per_quarter_hour=3, wrong_per_day=8), "docs/security.md, limits"),
        "SLOW": (Pace(tries=1, codes_per_quarter_hour=1, wrong_per_day=2), "docs/security.md, limits"),
    },
    "hotline.kit.clock": {
        "CLOCK_SKEW": (5 * MINUTES, "decision: how far the wallet's clock may be ahead"),
        "ISSUER_AHEAD_MAX": (1 * MINUTES, "decision: how far an issuer's clock may be ahead"),
    },
    "hotline.kit.counts.rates": {
        "FIVE_MINUTES": (5 * MINUTES, "what the words say"),
    },
    "hotline.kit.retention": {
        "RECORD_LIFE": (1096 * DAYS, "Civil Code of China, article 188: three years, one of them a leap year"),
    },
    "hotline.kit.limits": {
        "WRONG_CODES_MAX": (30, "docs/security.md, guessing: the threshold of the alarm, too"),
        "MESSAGES_MAX": (300, "decision: one a second, which some sixty calls at a time ask for"),
        "PER_PREFIX_MAX": (60, "decision: a fifth of all for one prefix"),
    },
    "hotline.kit.business_days": {
        "LONGEST_BLOCK_DAYS": (9, "State Council of China: Spring Festival 2024 and 2026"),
        "BUSINESS_DAYS_MAX": (400, "decision: more than a year is a mistake"),
    },
    "hotline.kit.quiet_hours": {
        "MORNING": (2 * HOURS, "decision: told before most people call"),
        "SPREAD": (12 * HOURS, "decision: an hour of the day is left for what was held up"),
    },
    "hotline.lockout.breaker": {
        "PAUSES": (Rate("pauses", 5 * MINUTES, shards=4), "docs/security.md, limits"),
        "PAUSES_WITHOUT_FACTOR_MAX": (50, "docs/security.md, limits"),
    },
    "hotline.lockout.registers": {
        "OPENINGS_MAX": (10, "one for each thing that can be opened: three soft, two hard, pause, freeze, three holds"),
    },
    "hotline.lockout.policy": {
        "PAUSE_LENGTH": (24 * HOURS, "decision: told in the words of a pause"),
        "PAUSES_MAX": (2, "docs/security.md, limits"),
        "PAUSES_WITHIN": (7 * DAYS, "docs/security.md, limits"),
        "PAUSE_BAR": (30 * DAYS, "docs/security.md, limits"),
        "PAUSE_ACCOUNTS_MAX": (5, "decision: as many accounts as a contact point leads to"),
        "GRANT_LIFE": (30 * MINUTES, "decision: time to open the wallet and choose a password"),
        "UNLOCKS_MAX": (3, "docs/security.md, limits"),
        "UNLOCKS_WITHIN": (24 * HOURS, "docs/security.md, limits"),
        "CLEARED_FOR": (48 * HOURS, "24 h until failures are final, and 24 h within which unlocks count"),
        "RESEND_AFTER": (60 * SECONDS, "decision: what the wallet does not confirm within a minute goes out again"),
        "ALARM_AFTER": (5 * MINUTES, "docs/operations.md, UnconfirmedDecisions"),
        "RESEND_LATER": (15 * MINUTES, "docs/operations.md, UnconfirmedDecisions"),
    },
    "hotline.lockout.tiers": {
        "TIERS": (
            (Tier(5, 15 * MINUTES, 15 * MINUTES), Tier(10, 24 * HOURS, 1 * HOURS), Tier(15, 24 * HOURS, 24 * HOURS)),
            "OWASP Authentication Cheat Sheet: threshold, window, duration",
        ),
        "HARD_FAILURES": (100, "NIST SP 800-63B-4, 3.2.2"),
        "ATTEMPTS_MAX": (100, "decision: a flood makes the oldest attempts final earlier"),
        "COUNTED_WITHIN": (24 * HOURS, "the longest window of a tier"),
    },
    "hotline.lockout.wallet_locks": {
        "NEWS_FOR": (24 * HOURS, "decision: an imported lock is no news"),
    },
    "hotline.payments.arrivals": {
        "TERMS": (TERMS, "each row's own source"),
        "_AT_ONCE": (1, "decision: midnight may come between the provider's 20 minutes"),
        "LONGEST_BUSINESS_DAYS": (10, "Stripe: ask after 10 business days"),
        "_UNKNOWN": (Term(None, 10, ANY), "the longest of the known ones"),
        "_ALIPAY_CARD": (OWN_FIGURE, "the longest of the known ones, until the provider's estimate"),
        "_CARD": (Term(8, 10, ANY), "Razorpay: 5 to 10 days; Stripe: 10 business days"),
        "_WECHAT_CARD": (Term(2, 3, ANY), "WeChat Pay: 1 to 3 working days"),
        "_PAYPAL": (Term(18, 30, ANY, business=False), "PayPal: 5 to 30 days"),
    },
    "hotline.payments.bills": {
        "TOLD_MAX": (3, "decision: a listener keeps no more in mind"),
        "LATE_TOLD_FOR": (90 * DAYS, "decision: late bills are told of for 90 days"),
        "SHOWN_WITHIN_DAYS": (3, "decision: what billers usually need"),
    },
    "hotline.payments.funds": {
        "FRESH_FOR": (2 * MINUTES, "decision: an older balance is told with its time"),
    },
    "hotline.payments.reminders": {
        "DAYS_BEFORE": ({"before": 5, "near": 1, "after": -1}, "docs/security.md, reminders"),
        "LATE_AFTER": (30 * MINUTES, "decision: a run that is a little late is no outage"),
        "LATE_AGAIN_AFTER": (2 * HOURS, "decision: a reminder goes out also while looks are rare"),
        "NO_USE_FROM": ({"before": -1, "near": 1, "after": 8}, "decision: the next reminder takes its place"),
    },
    "hotline.payments.folds": {
        "REFUNDS_PER_MOVEMENT_MAX": (200, "WeChat Pay: some 50 partial refunds"),
    },
    "hotline.payments.model": {
        "ORDER_TAIL_DIGITS_MIN": (4, "decision: callers key four to six last digits"),
        "ORDER_TAIL_DIGITS_MAX": (6, "decision: callers key four to six last digits"),
        "REFUNDABLE_WINDOW": (365 * DAYS, "WeChat Pay: 365 days"),
        "FAILED_WINDOW": (90 * DAYS, "decision: failed movements are told of for 90 days"),
        "HOLD_GRACE": (1 * HOURS, "decision: releases are told in batches"),
        "RETURN_LOOKS": ((3 * DAYS, 7 * DAYS), "decision: a reversal before settlement takes a few days (Stripe)"),
    },
    "hotline.payments.outcomes": {
        "NEWS_FOR": (30 * DAYS, "decision: as long as a failed refund is told of"),
    },
    "hotline.payments.twins": {
        "SAME_ORDER_WITHIN": (1 * DAYS, "decision: long enough for a shop that charges when it sends"),
        "CLOSE_WITHIN": (10 * MINUTES, "decision: for a key pressed twice or a payment begun anew"),
        "CHARGES_KEPT_MAX": (8, "decision: more charges of one amount at one shop are no mistake"),
    },
    "hotline.payments.lists": {
        "SPOKEN_MAX": (3, "decision: a listener keeps no more in mind"),
    },
    "hotline.refunds.clocks": {
        "ANSWER_OTHERWISE": (Clock(15, DayKind.CALENDAR, ANY), "PBoC 2020 no. 5 and PSD2, article 101: 15 days"),
        "EVIDENCE_REMINDED_AFTER_DAYS": (3, "decision: time to find the goods, and early in the time of the answer"),
    },
    "hotline.refunds.folds": {
        "TOLD_FOR": (30 * DAYS, "decision: a failed refund is told of for 30 days"),
    },
    "hotline.refunds.policy": {
        "AUTO_APPROVE_MINOR": (AUTO_APPROVE, "decision: about 500 yuan, 60 euros or dollars, 50 pounds, 10,000 yen"),
        "REQUEST_CAP_MINOR": (REQUEST_CAP, "decision: ten times what is approved unseen"),
        "DEFAULT_WALLET_POLICY": (WALLET_POLICY, "WeChat Pay: 365 days; decisions for the other limits"),
    },
    "hotline.refunds.promises": {
        "REVIEW_BUSINESS_DAYS": (10, "Regulation E, 12 CFR 1005.11(c)"),
        "ESCALATION_BUSINESS_DAYS": (3, "decision: long enough to ask the instrument's bank"),
    },
    "hotline.reports.calls": {
        "LEGS_MAX": (24, "Amazon Connect: twelve contacts linked by transfers, and as many for callbacks"),
        "ANSWER_STEPS_S": (ANSWER_STEPS_S, "decision: fine where a service level is measured"),
        "REPEAT_DAYS": (7, "decision: a repeated call comes within a week"),
        "SETTLED_AFTER": (15 * MINUTES, "decision: longer than a step and its tries"),
        "GIVEN_UP_AFTER": (6 * HOURS, "decision: longer than anybody waits and talks"),
        "DAYS_KEPT": (31, "decision: days that a late event can still change"),
    },
    "hotline.reports.figures": {
        "COMPLAINT_DAYS": (15, "PBoC on consumer protection (2020 no. 5); PSD2, article 101"),
    },
    "hotline.reports.matters": {
        "COMPLAINT_STEPS_DAYS": ((1, 2, 3, 5, 7, 10, 15, 20, 30, 60), "PSD2, article 101: 15 and 35 business days"),
        "DAY_S": (86_400, "what the word says"),
    },
    "hotline.reports.model": {
        "DAYS_MAX": (400, "decision: a year, and a month to compare it with"),
    },
    "hotline.security.activity": {
        "ACTIVITY_LIFE": (35 * DAYS, "docs/security.md, what is kept"),
        "SHARDS_MAX": (1_000, "AWS Step Functions: an array of States.ArrayRange has at most 1,000 elements"),
    },
    "hotline.security.aside": {
        "TRIES_MAX": (9, "docs/detection.md: three runs of three attempts"),
        "ASIDE_MAX": (20, "docs/detection.md: when a run fails"),
        "AGAIN_AFTER": (timedelta(days=1), "docs/detection.md: when a run fails"),
    },
    "hotline.security.detectors.agent_approvals": {
        "DETECTOR.limits.approvals": (5, "decision: one a minute"),
        "DETECTOR.limits.window_ms": (5 * _MINUTE_MS, "decision: one a minute"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.agent_browsing": {
        "DETECTOR.limits.accounts": (30, "decision: three times a busy agent's calls"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "decision: the hour of the desk's limits"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.agent_openings": {
        "DETECTOR.limits.accounts": (10, "decision: half of the desk's own limit"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "decision: the hour of the desk's limits"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.agent_unmasking": {
        "DETECTOR.limits.accounts": (6, "decision: half a busy agent's calls"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "decision: the hour of the desk's limits"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.card_testing": {
        "DETECTOR.limits.tries": (5, "decision: generated histories"),
        "DETECTOR.limits.failures": (2, "decision: generated histories"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.after_ms": (24 * _HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.small_minor": ({"CNY": 2_000, "HKD": 2_000, "JPY": 400, "": 300}, "decision: about 20 yuan"),
        "DETECTOR.limits.large_minor": (
            {"CNY": 50_000, "HKD": 50_000, "JPY": 10_000, "": 7_500},
            "decision: about 500 yuan",
        ),
        "TRIES_MAX": (12, "decision: what a memory has room for"),
        "NEW_MAX": (16, "decision: as many strangers as reset_device_transfer knows"),
        "LARGE_MAX": (16, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.code_flooding": {
        "DETECTOR.limits.codes": (5, "Elastic's rule for Okta"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.counterparty_risk": {
        "DETECTOR.limits.frauds": (1.25, "decision: generated histories"),
        "DETECTOR.limits.rate_permille": (50, "decision: five times the card networks' one percent"),
        "DETECTOR.limits.likely_permille": (500, "decision: more likely fraud than not"),
        "DETECTOR.limits.merge_ms": (24 * _HOUR_MS, "decision: a day"),
        "ACCOUNTS_MAX": (32, "decision: what a memory has room for"),
        "PAID_MAX": (2, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.credential_stuffing": {
        "DETECTOR.limits.tries": (25, "Elastic's rule for Okta"),
        "DETECTOR.limits.accounts": (15, "Elastic's rule for Okta"),
        "DETECTOR.limits.window_ms": (15 * _MINUTE_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.few": (2, "Elastic's rule for Okta"),
        "DETECTOR.limits.few_percent": (80, "Elastic's rule for Okta"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.distributed_guessing": {
        "DETECTOR.limits.tries": (10, "Elastic's rule for Okta"),
        "DETECTOR.limits.addresses": (5, "Elastic's rule for Okta"),
        "DETECTOR.limits.window_ms": (30 * _MINUTE_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.countries": (2, "Elastic's rule for Okta"),
        "DETECTOR.limits.addresses_alone": (8, "Elastic's rule for Okta"),
        "DETECTOR.limits.devices": (3, "Elastic's rule for Okta"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
        "TRIES_MAX": (32, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.drain": {
        "DETECTOR.limits.window_ms": (_HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.emptied_permille": (1000, "decision: generated histories"),
        "DETECTOR.limits.unusual_permille": (940, "decision: generated histories"),
        "DETECTOR.limits.deviations": (4.5, "decision: generated histories"),
        "DETECTOR.limits.spread_floor": (0.4, "decision: generated histories"),
        "DETECTOR.limits.history_min": (16.0, "decision: generated histories"),
        "DETECTOR.limits.sliced_permille": (900, "decision: generated histories"),
        "DETECTOR.limits.slices": (3, "decision: generated histories"),
        "DETECTOR.limits.habit_ms": (90 * 24 * _HOUR_MS, "decision: a quarter"),
        "DETECTOR.limits.floor_minor": (
            {"CNY": 10_000, "HKD": 10_000, "JPY": 2_000, "": 1_500},
            "decision: about 100 yuan",
        ),
        "SLICES_MAX": (24, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.failed_login_burst": {
        "DETECTOR.limits.failures": (10, "PCI DSS 4, 8.3.4: at most ten"),
        "DETECTOR.limits.window_ms": (15 * _MINUTE_MS, "CIS benchmarks"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.history": {
        "MOVEMENTS_MAX": (26, "decision: what a memory has room for"),
        "PARTY_MOVEMENTS_MAX": (64, "decision: what a memory has room for"),
        "PARTIES_MAX": (64, "decision: what a memory has room for"),
        "PAYEES_MAX": (32, "decision: half of the room, so that neither people nor shops push out the other kind"),
        "AMENDED_RATIO": (1.25, "decision: a tip, a fee, a rate"),
        "SPENDING_MAX": (64, "decision: what a memory has room for"),
        "LABELS_MAX": (64, "decision: what a memory has room for"),
        "FRAUD_MIN": (1e-6, "decision: a label of two months ago, or a rounding error"),
        "HALF_LIFE_MS": (30 * 24 * _HOUR_MS, "decision: habits change in a month"),
        "RECORD_HALF_LIFE_MS": (3 * 24 * _HOUR_MS, "decision: generated histories"),
        "LEARNED_RATIO_MAX": (3.0, "decision: a thief must not teach"),
        "HOURS_MAX": (240, "decision: old habits fade"),
        "EXCESS_FROM": (2.5, "decision: generated histories"),
        "EXCESS_MAX": (9.0, "decision: generated histories"),
        "EXCESS_HALF_LIFE_MS": (24 * _HOUR_MS, "decision: generated histories"),
        "EXCESS_WEIGHT_MIN": (16.0, "decision: until a mean has settled"),
        "SPREAD_FLOOR": (0.4, "decision: generated histories"),
    },
    "hotline.security.detectors.impossible_travel": {
        "DETECTOR.limits.speed_km_h": (900, "Panther"),
        "DETECTOR.limits.floor_km": (500, "Elastic's rule for Workspace"),
        "DETECTOR.limits.quiet_ms": (3 * _HOUR_MS, "Elastic's rule for Workspace"),
        **_FAMILIAR,
    },
    "hotline.security.detectors.journeys": {
        "PAIRS_MAX": (4, "decision: two devices and a journey or two"),
        "MEMORY_MS": (24 * _HOUR_MS, "Panther: a day"),
        "STEADY_MS": (10 * _MINUTE_MS, "decision: half of the shortest window of two_countries"),
    },
    "hotline.security.detectors.new_devices_in_a_row": {
        "DETECTOR.limits.devices": (3, "Elastic's rule for Entra"),
        "DETECTOR.limits.window_ms": (15 * _MINUTE_MS, "Elastic's rule for Entra"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.no_second_factor": {},
    "hotline.security.detectors.one_contact_point": {
        "DETECTOR.limits.points": (2, "decision: recovery takes two factors"),
    },
    "hotline.security.detectors.ongoing": {
        "MARKS_MAX": (64, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.pass_through": {
        "DETECTOR.limits.quick_ms": (_HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.window_ms": (24 * _HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.fresh_ms": (7 * 24 * _HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.fresh_movements": (8, "decision: generated histories"),
        "DETECTOR.limits.same_permille": (995, "decision: generated histories"),
        "DETECTOR.limits.close_permille": (900, "IBM AMLSim: a tenth stays at each account"),
        "DETECTOR.limits.sent_permille": (950, "decision: generated histories"),
        "DETECTOR.limits.over_permille": (1000, "decision: the rest is its own money"),
        "DETECTOR.limits.empty_permille": (50, "decision: generated histories"),
        "DETECTOR.limits.points": (6, "decision: generated histories"),
        "DETECTOR.limits.floor_minor": ({"CNY": 1_000, "HKD": 1_000, "JPY": 200, "": 150}, "decision: about 10 yuan"),
        "COMINGS_MAX": (8, "decision: what a memory has room for"),
        "GOINGS_MAX": (16, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.password_spray": {
        "DETECTOR.limits.tries": (15, "Elastic's rule for Okta"),
        "DETECTOR.limits.accounts": (5, "Elastic's rule for Okta"),
        "DETECTOR.limits.window_ms": (_HOUR_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.lasting_ms": (5 * _MINUTE_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.mean_min": (2, "Elastic's rule for Okta"),
        "DETECTOR.limits.mean_max": (8, "Elastic's rule for Okta"),
        "DETECTOR.limits.band_min": (2, "Elastic's rule for Okta"),
        "DETECTOR.limits.band_max": (6, "Elastic's rule for Okta"),
        "DETECTOR.limits.band_percent": (60, "Elastic's rule for Okta"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
    },
    "hotline.security.detectors.refund_abuse": {
        "DETECTOR.limits.refunds": (4.5, "decision: five, a little faded"),
        "DETECTOR.limits.share_permille": (600, "decision: twice what shops report"),
        "DETECTOR.limits.half_life_ms": (30 * 24 * _HOUR_MS, "decision: habits change in a month"),
        "DETECTOR.limits.quiet_ms": (30 * 24 * _HOUR_MS, "decision: a month"),
        "DETECTOR.limits.floor_minor": (
            {"CNY": 30_000, "HKD": 30_000, "JPY": 6_000, "": 4_500},
            "decision: about 300 yuan",
        ),
        "IDS_MAX": (20, "decision: what a finding names"),
    },
    "hotline.security.detectors.reset_device_transfer": {
        "DETECTOR.limits.window_ms": (12 * _HOUR_MS, "MAS Guidelines on Shared Responsibility (2024): 12 hours"),
        "DETECTOR.limits.floor_minor": (
            {"CNY": 100_000, "HKD": 100_000, "JPY": 20_000, "": 15_000},
            "decision: about 1,000 yuan",
        ),
        "DETECTOR.limits.stranger_ms": (24 * _HOUR_MS, "People's Bank of China, Yinfa 2016 No. 261: 24 hours"),
        "ENTRIES_MAX": (32, "decision: what a memory has room for"),
        "SIGNS_MAX": (16, "decision: what a memory has room for"),
        "NEW_MAX": (16, "decision: what a memory has room for"),
        "KNOWN_MAX": (8, "decision: more devices than people have"),
        "HITS_MAX": (3, "decision: what a memory has room for"),
        "UNDONE_MS": (45 * 24 * _HOUR_MS, "Regulation E, 1005.11(c)(2): 45 days"),
    },
    "hotline.security.detectors.source_tries": {
        "LOGINS_MAX": (10, "decision: half of the events that a finding names"),
        "TRIES_MAX": (128, "decision: what a memory has room for"),
        "COUNTED_MAX": (128, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.slow_stuffing": {
        "DETECTOR.limits.accounts": (8, "decision: generated logins"),
        "DETECTOR.limits.window_ms": (24 * _HOUR_MS, "decision: a day"),
        "DETECTOR.limits.tries": (2, "decision: a list has one or two passwords"),
        "DETECTOR.limits.quiet_ms": (24 * _HOUR_MS, "decision: a day"),
        "ACCOUNTS_MAX": (16, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.spend_anomaly": {
        "DETECTOR.limits.deviations": (3.6, "decision: Panther's three, tuned"),
        "DETECTOR.limits.ratio": (10.0, "decision: generated histories"),
        "DETECTOR.limits.even_ratio": (4.5, "decision: generated histories"),
        "DETECTOR.limits.even": (0.94, "decision: generated histories"),
        "DETECTOR.limits.even_history": (40.0, "decision: generated histories"),
        "DETECTOR.limits.excess_min": (1.0, "decision: generated histories"),
        "DETECTOR.limits.spread_floor": (0.4, "decision: generated histories"),
        "DETECTOR.limits.history_min": (8.0, "Panther: five to ten events"),
        "DETECTOR.limits.young": (4.5, "decision: generated histories"),
        "DETECTOR.limits.burst": (18.0, "decision: generated histories"),
        "DETECTOR.limits.burst_middle": (9.0, "decision: generated histories"),
        "DETECTOR.limits.middle_from": (0.8, "decision: generated histories"),
        "DETECTOR.limits.middle_to": (1.0, "decision: generated histories"),
        "SPREAD_STEP": (0.2, "decision: generated histories"),
        "DETECTOR.limits.series": (18.0, "decision: generated histories"),
        "DETECTOR.limits.series_step": (3.0, "decision: generated histories"),
        "DETECTOR.limits.series_least": (12.0, "decision: generated histories"),
        "DETECTOR.limits.series_ms": (14 * 24 * _HOUR_MS, "decision: two weeks"),
        "DETECTOR.limits.series_gap_ms": (5 * 24 * _HOUR_MS, "decision: generated histories"),
        "DETECTOR.limits.series_spread": (1.1, "decision: generated histories"),
        "DETECTOR.limits.earlier": (0.6, "decision: generated histories"),
        "DETECTOR.limits.earlier_most": (10.0, "decision: generated histories"),
        "DETECTOR.limits.earlier_half_life_ms": (90 * 24 * _HOUR_MS, "decision: a quarter"),
        "DETECTOR.limits.habit_count": (3, "decision: generated histories"),
        "DETECTOR.limits.habit_ms": (365 * 24 * _HOUR_MS, "decision: a year"),
        "DETECTOR.limits.wide": (0.9, "decision: generated histories"),
        "DETECTOR.limits.merge_ms": (24 * _HOUR_MS, "decision: a day"),
        "DETECTOR.limits.floor_minor": (
            {"CNY": 10_000, "HKD": 10_000, "JPY": 2_000, "": 1_500},
            "decision: about 100 yuan",
        ),
    },
    "hotline.security.detectors.stale_password": {
        "DETECTOR.limits.age_ms": (90 * 24 * _HOUR_MS, "PCI DSS 4.0.1, 8.3.9"),
    },
    "hotline.security.detectors.success_after_attack": {
        "DETECTOR.limits.tries": (10, "Elastic's rule for Okta"),
        "DETECTOR.limits.addresses": (5, "Elastic's rule for Okta"),
        "DETECTOR.limits.window_ms": (30 * _MINUTE_MS, "Elastic's rule for Okta"),
        "DETECTOR.limits.countries": (2, "Elastic's rule for Okta"),
        "DETECTOR.limits.addresses_alone": (8, "Elastic's rule for Okta"),
        "DETECTOR.limits.devices": (3, "Elastic's rule for Okta"),
        "DETECTOR.limits.quiet_ms": (_HOUR_MS, "Panther's usual time"),
        "DETECTOR.limits.burst": (10, "failed_login_burst"),
        "DETECTOR.limits.burst_ms": (15 * _MINUTE_MS, "failed_login_burst"),
        "DETECTOR.limits.success_ms": (3 * _HOUR_MS, "Elastic: 180 minutes after an alert"),
        "DETECTOR.limits.own_days": (3, "decision: people have judged it three times"),
        "KNOWN_MAX": (16, "decision: what a memory has room for"),
    },
    "hotline.security.detectors.two_countries": {
        "DETECTOR.limits.window_ms": (30 * _MINUTE_MS, "Elastic's simple form"),
        "DETECTOR.limits.quiet_ms": (3 * _HOUR_MS, "Elastic's rule for Workspace"),
        **_FAMILIAR,
    },
    "hotline.security.detectors.velocity": {
        "DETECTOR.limits.hour_count": (10, "decision: generated histories"),
        "DETECTOR.limits.day_count": (20, "decision: generated histories"),
        "DETECTOR.limits.hour_times": (2.5, "decision: generated histories"),
        "DETECTOR.limits.day_times": (4.0, "decision: generated histories"),
        "DETECTOR.limits.hour_floor_minor": (
            {"CNY": 300_000, "HKD": 300_000, "JPY": 60_000, "": 45_000},
            "decision: about 3,000 yuan",
        ),
        "DETECTOR.limits.day_floor_minor": (
            {"CNY": 500_000, "HKD": 500_000, "JPY": 100_000, "": 75_000},
            "decision: about 5,000 yuan",
        ),
        "DETECTOR.limits.sum_count": (4, "decision: generated histories"),
        "DETECTOR.limits.rest_permille": (500, "decision: half of it is not one amount"),
        "DETECTOR.limits.merge_ms": (24 * _HOUR_MS, "decision: a day"),
        "KEPT_MAX": (32, "decision: what a memory has room for"),
    },
    "hotline.security.lists": {
        "FINDINGS_TOLD_MAX": (20, "decision: more open findings than anybody reads"),
        "FINDINGS_SEEN_MAX": (100, "decision: what people of the wallet are shown of one account"),
    },
    "hotline.security.records": {},
    "hotline.security.scan": {
        "COMPLETE_AFTER": (90 * SECONDS, "writers give up after 30 s, and twice that for clocks"),
        "FIRST_LOOK_BACK": (24 * HOURS, "decision: a first run begins a day before"),
        "ROUND_ROWS_MAX": (20_000, "docs/detection.md: rows of a round"),
        "RECALL_ROWS_MAX": (100_000, "docs/detection.md: rows that are read again for late events"),
        "RECALL_SUBJECT_MAX": (2_000, "docs/detection.md: rows that are read again for late events"),
    },
    "hotline.security.watch": {
        "LATENESS_MS": (24 * 3_600_000, "decision: how late a fact may come"),
        "PENDING_MAX": (200, "decision: how many young events one subject's watch remembers"),
        "STANDING_MAX": (8, "decision: how many settled hits of one subject a late event may correct"),
    },
    "hotline.sessions.model": {
        "RESUME_WITHIN": (10 * MINUTES, "decision: as long as a factor"),
        "CALL_LIFE": (24 * HOURS, "decision: no call is longer"),
        "TURNS_KEPT": (4, "decision: the turns that a repeated delivery may ask for"),
        "HEARD_KEPT": (10, "decision: what an agent reads before they speak"),
        "OFFERS_KEPT": (3, "decision: a listener keeps no more in mind"),
    },
    "hotline.wording.rendering": {
        "DIGITS_MAX": (32, "decision: longer than any reference that is said sign by sign"),
        "NAME_CHARACTERS_MAX": (40, "decision: nobody listens to more of a name"),
    },
    "hotline.wording.speech": {
        "MANDARIN_CHARACTERS_PER_S": (4.5, "a common pace of neural voices: 270 characters a minute"),
        "ENGLISH_WORDS_PER_S": (2.75, "a common pace of neural voices: 165 words a minute"),
        "PROMPT_S_MAX": (10.0, "common guidance for voice menus"),
        "SSML_CHARACTERS_MAX": (3_000, "Amazon Connect: characters of a prompt that are billed"),
    },
    "functions.http.quota": {
        "REQUESTS_MAX": (120, "docs/api.md, limits"),
        "SOURCE_REQUESTS_MAX": (240, "docs/api.md, pictures for a refund"),
        "WINDOW": (60 * SECONDS, "docs/api.md, limits"),
    },
    "functions.customer_api.routes.refunds": {
        "KEY_CHARACTERS_MIN": (16, "docs/api.md, idempotency keys"),
        "KEY_CHARACTERS_MAX": (128, "docs/api.md, idempotency keys"),
        "KEY_LIFE": (400 * DAYS, "longer than the 365 days in which a payment can be refunded"),
    },
    "functions.deadlines.redrives": {
        "LEFT_BEHIND_AFTER": (2 * MINUTES, "decision: the stream takes an entry within seconds"),
        "PAUSE_FIRST": (2 * MINUTES, "decision: 2 min x 2^(n-1)"),
        "PAUSE_MAX": (1 * HOURS, "decision: at most an hour"),
    },
}

NO_PROMISES: Final[Mapping[str, Mapping[str, str]]] = {
    "made of other figures of the module": {
        "hotline.accounts.facts_requests": "CASE_AFTER",
        "hotline.agents.limits": "LIMITS",
        "hotline.cases.references": "REFERENCES",
        "hotline.identity.code_messages": "_PERCENTS",
        "hotline.security.detectors.agent_approvals": "_MINUTES _MANY",
        "hotline.security.detectors.agent_browsing": "_MINUTES _MANY",
        "hotline.security.detectors.agent_openings": "_MINUTES _MANY",
        "hotline.security.detectors.agent_unmasking": "_MINUTES _MANY",
        "hotline.security.detectors.card_testing": "_LARGE _SMALL _DAY _TRIED _MARKET",
        "hotline.security.detectors.code_flooding": "_END",
        "hotline.security.detectors.counterparty_risk": "_DAY _TWO _CROWD _FEW _SOON",
        "hotline.security.detectors.credential_stuffing": "_MINUTES",
        "hotline.security.detectors.distributed_guessing": "_MINUTES",
        "hotline.security.detectors.drain": "_DAY _END _FLOOR",
        "hotline.security.detectors.failed_login_burst": "_APART",
        "hotline.security.detectors.impossible_travel": "_FLIGHT _DAY _SLOW",
        "hotline.security.detectors.new_devices_in_a_row": "_END",
        "hotline.security.detectors.pass_through": "_HOUR _DAY _WEEK _FLOOR _SUM _OLD",
        "hotline.security.detectors.password_spray": "_MINUTES _LASTING",
        "hotline.security.detectors.refund_abuse": "_DAY",
        "hotline.security.detectors.slow_stuffing": "_LEAST _END",
        "hotline.security.detectors.spend_anomaly": "_LATER _EDGE _DAYS_2 _YEAR _GAP _UNEVEN_MEAN _EXCESS_9 _EXCESS_3",
        "hotline.security.detectors.stale_password": "_AGE",
        "hotline.security.detectors.success_after_attack": "_AFTER _DAY _LAST",
        "hotline.security.detectors.two_countries": "_END _DAY",
        "hotline.security.detectors.velocity": "_DAY _MONTH _FLOOR _DAY_FLOOR",
        "hotline.wording.speech": "_ROOM",
    },
    "a table of its own, below": {"hotline.identity.policy": "REQUIREMENTS"},
    "how ids are cut short: nobody is told": {
        "hotline.accounts.phones": "PREFIX_DIGITS UNKNOWN_PREFIX_CHARACTERS",
        "hotline.lockout.registers": "SHORT_ID_CHARACTERS",
        "hotline.security.scan": "HOUR_CHARACTERS",
    },
    "how much one read, write or retry takes: a matter of cost": {
        "hotline.agents.contacts": "ATTEMPTS_MAX",
        "hotline.cases.queue": "AT_ONCE",
        "hotline.directory.hours": "INSTANTS_KEPT",
        "hotline.payments.lists": "BILLS_LOOKED_AT LEDGERS_AT_ONCE_MAX FAILED_PAGE REFUNDABLE_PAGE "
        "LISTED_LOOKED_AT POINTERS_PAGE",
        "hotline.security.activity": "ACTIVITY_SHARDS",
        "hotline.security.scan": "WORKERS_MAX MINUTE_S",
        "functions.http.quota": "_KEPT",
    },
    "the fields of a memory": {
        "hotline.security.detectors.pass_through": "_CASH",
        "hotline.security.detectors.distributed_guessing": "_MARKS",
        "hotline.security.detectors.new_devices_in_a_row": "_MARKS",
        "hotline.security.detectors.reset_device_transfer": "_COUNTED",
    },
    "units, and what a sum is worth adding up for": {
        "hotline.security.detectors.drain": "PARTS_PER_THOUSAND",
        "hotline.security.detectors.velocity": "PARTS_PER_THOUSAND _SPANS",
        "hotline.security.detectors.history": "SEVERAL HOUR_MS DAY_MS WEIGHT_MIN EXCESS_MIN EXCESS_RATIO _PAYEE",
    },
    "the shape of the earth, and what the words of a fact mean": {
        "hotline.security.detectors.impossible_travel": "EARTH_RADIUS_KM DEGREE_KM",
        "hotline.security.detectors.one_contact_point": "_CHANGES",
        "hotline.security.detectors.reset_device_transfer": "_POINTS",
    },
    "the calendar, and a status of HTTP": {
        "hotline.directory.hours": "WEEK_DAYS DAY_MINUTES",
        "hotline.kit.business_days": "_SATURDAY _DAY",
        "functions.customer_api.routes.refunds": "CREATED",
    },
}
"""By reason, by module: the names of figures that promise nothing."""

CASES: Final = [(module, name) for module, figures in PROMISES.items() for name in figures]


@sweep(("module", "name"), CASES)
def test_a_figure_is_what_was_promised(module: str, name: str) -> None:
    promised, source = PROMISES[module][name]
    assert attrgetter(name)(import_module(module)) == promised, source


def is_figure(value: object) -> bool:
    """Whether a value is a number or a span of time, or holds one."""
    if isinstance(value, bool):
        return False
    if isinstance(value, Mapping):
        return any(is_figure(part) for part in value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return any(is_figure(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(is_figure(getattr(value, field.name)) for field in fields(value))
    return isinstance(value, int | float | timedelta)


def figures_of(module: str) -> set[str]:
    """The names of the figures that a module itself defines at its top."""
    found = import_module(module)
    assert found.__file__ is not None
    names: set[str] = set()
    for node in ast.parse(Path(found.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    names = {name for name in names if is_figure(getattr(found, name, None))}
    detector = getattr(found, "DETECTOR", None)
    if isinstance(detector, Detector):
        # A rule of the scan promises its limits; the rest of it are words and examples.
        names = names - {"DETECTOR"} | {f"DETECTOR.limits.{field.name}" for field in fields(detector.limits)}
    return names


@sweep("module", PROMISES)
def test_every_figure_is_promised_or_has_a_reason_why_it_promises_nothing(module: str) -> None:
    others = {name for modules in NO_PROMISES.values() for name in modules.get(module, "").split()}
    assert set(PROMISES[module]).isdisjoint(others)
    assert figures_of(module) == {*PROMISES[module], *others}


def test_reasons_are_given_for_modules_of_the_table_only() -> None:
    assert {module for modules in NO_PROMISES.values() for module in modules} <= set(PROMISES)


NEEDED: Final = {
    Operation.OFFICIAL_NUMBERS: (0, 0),
    Operation.ADVICE: (0, 0),
    Operation.PAUSE: (0, 0),
    Operation.PROVED_PAUSE: (1, 1),
    Operation.READ: (1, 1),
    Operation.REFUND: (1, 2),
    Operation.DISPUTE: (1, 1),
    Operation.EVIDENCE: (1, 1),
    Operation.UNLOCK: (1, 2),
    Operation.RESET_GRANT: (1, 2),
    Operation.FREEZE: (1, 1),
    Operation.END_PAUSE: (1, 1),
    Operation.UNFREEZE: (2, 2),
    Operation.SET_PIN: (1, 2),
    Operation.CONTACT_CHANGE: (2, 2),
    Operation.RELEASE_HOLD: (2, 2),
    Operation.LOCK: (0, 0),
    Operation.END_LOCK: (0, 0),
    Operation.HOLD: (0, 0),
    Operation.RESEND: (0, 0),
    Operation.ESCALATE: (0, 0),
    Operation.FACTS: (0, 0),
    Operation.REPUDIATE: (0, 0),
    Operation.TAKE_EVIDENCE: (0, 0),
    Operation.APPROVAL: (0, 0),
    Operation.PROOF_REQUEST: (0, 0),
    Operation.REVIEW_REFUND: (0, 0),
    Operation.REVIEW_LARGE_REFUND: (0, 0),
    Operation.OTHER_PAYOUT: (0, 0),
    Operation.NEW_ROW: (1, 2),
    Operation.NEW_ROW_UNPROVED: (0, 0),
    Operation.UNFREEZE_UNPROVED: (0, 0),
    Operation.UNLOCK_UNPROVED: (0, 0),
    Operation.RESET_GRANT_UNPROVED: (0, 0),
    Operation.UNMASK: (0, 0),
    Operation.UNMASK_BEYOND: (0, 0),
    Operation.JUDGE_FINDING: (0, 0),
    Operation.SUPPRESS: (0, 0),
    Operation.SUPPRESS_HOLDING: (0, 0),
    Operation.END_SUPPRESSION: (0, 0),
    Operation.MANAGE: (0, 0),
    Operation.EDIT_NUMBERS: (0, 0),
    Operation.PUBLISH_POLICY: (0, 0),
    Operation.SET_REMINDERS: (1, 1),
    Operation.REMIND: (0, 0),
    Operation.TELL_FINDINGS: (0, 0),
    Operation.TAKE_REPLY: (0, 0),
}
"""How many different factors an operation needs, without and with two-step verification."""
BY_SESSION: Final = {
    Operation.PROVED_PAUSE,
    Operation.READ,
    Operation.DISPUTE,
    Operation.EVIDENCE,
    Operation.FREEZE,
    Operation.NEW_ROW,
    Operation.SET_REMINDERS,
}
"""Operations for which being signed in to the app counts as a factor."""
BY_AGENTS: Final = {
    Operation.READ: ByAgent.ALONE,
    Operation.PAUSE: ByAgent.ALONE,
    Operation.FREEZE: ByAgent.ALONE,
    Operation.DISPUTE: ByAgent.ALONE,
    Operation.APPROVAL: ByAgent.ALONE,
    Operation.PROOF_REQUEST: ByAgent.ALONE,
    Operation.REVIEW_REFUND: ByAgent.ALONE,
    Operation.UNMASK: ByAgent.ALONE,
    Operation.JUDGE_FINDING: ByAgent.ALONE,
    Operation.SUPPRESS: ByAgent.ALONE,
    Operation.SUPPRESS_HOLDING: ByAgent.SECOND,
    Operation.END_SUPPRESSION: ByAgent.ALONE,
    Operation.MANAGE: ByAgent.ALONE,
    Operation.REFUND: ByAgent.PROOF,
    Operation.UNLOCK: ByAgent.PROOF,
    Operation.RESET_GRANT: ByAgent.PROOF,
    Operation.END_PAUSE: ByAgent.PROOF,
    Operation.UNFREEZE: ByAgent.PROOF,
    Operation.NEW_ROW: ByAgent.PROOF,
    Operation.CONTACT_CHANGE: ByAgent.SECOND,
    Operation.RELEASE_HOLD: ByAgent.SECOND,
    Operation.REVIEW_LARGE_REFUND: ByAgent.SECOND,
    Operation.OTHER_PAYOUT: ByAgent.SECOND,
    Operation.NEW_ROW_UNPROVED: ByAgent.SECOND,
    Operation.UNFREEZE_UNPROVED: ByAgent.SECOND,
    Operation.UNLOCK_UNPROVED: ByAgent.SECOND,
    Operation.RESET_GRANT_UNPROVED: ByAgent.SECOND,
    Operation.UNMASK_BEYOND: ByAgent.SECOND,
    Operation.EDIT_NUMBERS: ByAgent.SECOND,
    Operation.PUBLISH_POLICY: ByAgent.SECOND,
}
"""How an agent may do an operation; no agent does any other."""
BY_CALLERS: Final = {
    Operation.OFFICIAL_NUMBERS,
    Operation.ADVICE,
    Operation.PAUSE,
    Operation.PROVED_PAUSE,
    Operation.READ,
    Operation.REFUND,
    Operation.DISPUTE,
    Operation.EVIDENCE,
    Operation.UNLOCK,
    Operation.RESET_GRANT,
    Operation.FREEZE,
    Operation.END_PAUSE,
    Operation.UNFREEZE,
    Operation.SET_PIN,
    Operation.SET_REMINDERS,
}
"""Operations that a caller does alone, with the factors above."""
BY_THE_HOTLINE: Final = {
    Operation.REMIND,
    Operation.TELL_FINDINGS,
    Operation.TAKE_REPLY,
    Operation.LOCK,
    Operation.END_LOCK,
    Operation.HOLD,
    Operation.RESEND,
    Operation.ESCALATE,
    Operation.FACTS,
    Operation.REPUDIATE,
    Operation.TAKE_EVIDENCE,
}
"""Operations that only a rule or a fact of the wallet brings about."""


@sweep("operation", Operation)
def test_an_operation_needs_the_proof_that_was_promised(operation: Operation) -> None:
    requirement = REQUIREMENTS[operation]
    assert (requirement.one_step, requirement.two_step) == NEEDED[operation]
    assert requirement.session is (operation in BY_SESSION)
    assert requirement.system is (operation in BY_THE_HOTLINE)
    assert requirement.agent is (operation not in BY_CALLERS)
    assert requirement.by_agent is BY_AGENTS.get(operation, ByAgent.NEVER)
