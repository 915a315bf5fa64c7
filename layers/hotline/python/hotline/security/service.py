"""The face of security: what doors may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.kit.lazy import import_on_demand

if TYPE_CHECKING:
    from .activity import ACTIVITY_SHARDS, SHARDS_MAX, find_payee
    from .checkup import Advice, Matter, ToldMatter
    from .checkup_reading import CheckUp, check_up
    from .denials import Deny, denials_duty_at, find_deniable
    from .detectors import Stream
    from .feedback import (
        read_feedback,
    )
    from .findings_digest import DIGEST_MESSAGE, News, digest_duty_at, find_news
    from .items import finding_to_see, named_finding_key
    from .lists import (
        FINDINGS_SEEN_MAX,
        FINDINGS_TOLD_MAX,
        iterate_findings,
        list_account_findings,
        list_findings,
        list_subject_findings,
        list_told_findings,
    )
    from .model import (
        Finding,
        FindingChanged,
        FindingState,
        SeenFinding,
        ShardReport,
        SubjectFinding,
        SubjectFindingPage,
        Suppression,
        SuppressionPage,
        ToldFinding,
        Verdict,
    )
    from .named_accounts import contribute_forgotten, read_named
    from .records import (
        activity_writes,
        contribute_agent_activity,
        contribute_facts,
        fact_keys,
    )
    from .rules import RuleSet
    from .scan import scan_shard
    from .settings import read_shipped_rules
    from .streams import movement_to_look_up
    from .suppressions import (
        check_until,
        contribute_suppression,
        contribute_suppression_end,
        is_suppressible,
        list_running_suppressions,
        list_suppressions,
        suppression_keys,
        suppression_need,
        suppression_version,
    )
    from .verdicts import (
        account_of_finding,
        contribute_verdict,
        is_listed_finding,
        rule_of_finding,
        verdict_keys,
    )
else:
    __getattr__ = import_on_demand(
        __name__,
        {
            "activity": (
                "ACTIVITY_SHARDS",
                "SHARDS_MAX",
                "find_payee",
            ),
            "checkup": ("Advice", "Matter", "ToldMatter"),
            "checkup_reading": ("CheckUp", "check_up"),
            "denials": ("Deny", "denials_duty_at", "find_deniable"),
            "detectors": ("Stream",),
            "feedback": ("read_feedback",),
            "findings_digest": (
                "DIGEST_MESSAGE",
                "News",
                "digest_duty_at",
                "find_news",
            ),
            "items": ("finding_to_see", "named_finding_key"),
            "lists": (
                "FINDINGS_SEEN_MAX",
                "FINDINGS_TOLD_MAX",
                "iterate_findings",
                "list_account_findings",
                "list_findings",
                "list_subject_findings",
                "list_told_findings",
            ),
            "model": (
                "Finding",
                "FindingChanged",
                "FindingState",
                "SeenFinding",
                "ShardReport",
                "SubjectFinding",
                "SubjectFindingPage",
                "Suppression",
                "SuppressionPage",
                "ToldFinding",
                "Verdict",
            ),
            "named_accounts": ("contribute_forgotten", "read_named"),
            "records": (
                "activity_writes",
                "contribute_agent_activity",
                "contribute_facts",
                "fact_keys",
            ),
            "rules": ("RuleSet",),
            "scan": ("scan_shard",),
            "settings": ("read_shipped_rules",),
            "streams": ("movement_to_look_up",),
            "suppressions": (
                "check_until",
                "contribute_suppression",
                "contribute_suppression_end",
                "is_suppressible",
                "list_running_suppressions",
                "list_suppressions",
                "suppression_keys",
                "suppression_need",
                "suppression_version",
            ),
            "verdicts": (
                "account_of_finding",
                "contribute_verdict",
                "is_listed_finding",
                "rule_of_finding",
                "verdict_keys",
            ),
        },
    )
