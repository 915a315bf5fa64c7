"""The face of the agents' room: what the agents' API, the line and the app may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.identity.model import Approval, ApprovalError, ApprovalState
from hotline.kit.lazy import import_on_demand

if TYPE_CHECKING:
    from .access import AgentRequest, open_request
    from .actions import Action, Obstacle
    from .acts import (
        END_PAUSE,
        FREEZE,
        GRANT_RESET,
        OPENINGS,
        PAUSE,
        UNFREEZE,
        UNLOCK,
        AskRefund,
        BeginRowsAnew,
        PayOtherWay,
        ReleaseHold,
        RemovePoint,
        ReviewRefund,
    )
    from .approvals import (
        APPROVAL_LIFE,
        ApprovalPage,
        ask,
        decide,
        find_approval,
        list_decided_approvals,
        list_open_approvals,
        list_own_approvals,
        list_told_approvals,
        mark_void,
    )
    from .case_view import view_case
    from .contacts import list_live_contacts, note_connected, note_ended, take_contact, view_contact, was_handed_over
    from .finding_acts import (
        EndSubjectSuppression,
        EndSuppression,
        JudgeFinding,
        JudgeSubjectFinding,
        SuppressRule,
        SuppressSubjectRule,
    )
    from .findings import find_told_findings, list_subject_findings, list_told_findings, may_decide
    from .grounds import (
        find_ground,
        list_case_actions,
        list_case_goals,
        list_overtaken,
        view_lock,
    )
    from .limits import LIMITS
    from .management import EditBanner, EditHours, EditNumbers, PublishPolicy
    from .next_steps import Step, find_next_step
    from .own import leave_out_own, leave_out_own_accounts, leave_out_own_contacts, refuse_own
    from .proofs import (
        GOALS,
        AnswerProof,
        AskProof,
        EndProof,
        find_proof_request,
        is_sent_on,
        operation_of,
        proof_request_keys,
        view_proof,
    )
    from .records import list_traces, list_traces_of_days
    from .requests import AgentAct, Deed, Performed, perform
    from .risks import ToldRisk, find_risks
    from .staff import USER_NAME_CHARACTERS_MAX, find_agent, find_known_agent, find_names, find_people, remember_agent
    from .tallies import DAYS_MAX, PAGE_MAX, list_activity, note_refusal
    from .thing_actions import (
        find_hold_action,
        find_point_action,
        find_suppression_actions,
        list_edit_actions,
        list_payment_actions,
        list_refund_actions,
        read_payments,
    )
    from .views import Unmask, find_masked, look_up, mask_content, mask_facts, mask_name, mask_point
    from .work import Worked, find_case, read_case, work_on_case
else:
    __getattr__ = import_on_demand(
        __name__,
        {
            "access": (
                "AgentRequest",
                "open_request",
            ),
            "actions": (
                "Action",
                "Obstacle",
            ),
            "acts": (
                "END_PAUSE",
                "FREEZE",
                "GRANT_RESET",
                "OPENINGS",
                "PAUSE",
                "UNFREEZE",
                "UNLOCK",
                "AskRefund",
                "BeginRowsAnew",
                "PayOtherWay",
                "ReleaseHold",
                "RemovePoint",
                "ReviewRefund",
            ),
            "approvals": (
                "APPROVAL_LIFE",
                "ApprovalPage",
                "ask",
                "decide",
                "find_approval",
                "list_decided_approvals",
                "list_open_approvals",
                "list_own_approvals",
                "list_told_approvals",
                "mark_void",
            ),
            "case_view": ("view_case",),
            "contacts": (
                "list_live_contacts",
                "note_connected",
                "note_ended",
                "take_contact",
                "view_contact",
                "was_handed_over",
            ),
            "finding_acts": (
                "EndSubjectSuppression",
                "EndSuppression",
                "JudgeFinding",
                "JudgeSubjectFinding",
                "SuppressRule",
                "SuppressSubjectRule",
            ),
            "findings": (
                "find_told_findings",
                "list_subject_findings",
                "list_told_findings",
                "may_decide",
            ),
            "grounds": (
                "find_ground",
                "list_case_actions",
                "list_case_goals",
                "list_overtaken",
                "view_lock",
            ),
            "limits": ("LIMITS",),
            "management": (
                "EditBanner",
                "EditHours",
                "EditNumbers",
                "PublishPolicy",
            ),
            "next_steps": (
                "Step",
                "find_next_step",
            ),
            "own": (
                "leave_out_own",
                "leave_out_own_accounts",
                "leave_out_own_contacts",
                "refuse_own",
            ),
            "proofs": (
                "GOALS",
                "AnswerProof",
                "AskProof",
                "EndProof",
                "find_proof_request",
                "is_sent_on",
                "operation_of",
                "proof_request_keys",
                "view_proof",
            ),
            "records": (
                "list_traces",
                "list_traces_of_days",
            ),
            "requests": (
                "AgentAct",
                "Deed",
                "Performed",
                "perform",
            ),
            "risks": (
                "ToldRisk",
                "find_risks",
            ),
            "staff": (
                "USER_NAME_CHARACTERS_MAX",
                "find_agent",
                "find_known_agent",
                "find_names",
                "find_people",
                "remember_agent",
            ),
            "tallies": (
                "DAYS_MAX",
                "PAGE_MAX",
                "list_activity",
                "note_refusal",
            ),
            "thing_actions": (
                "find_hold_action",
                "find_point_action",
                "find_suppression_actions",
                "list_edit_actions",
                "list_payment_actions",
                "list_refund_actions",
                "read_payments",
            ),
            "views": (
                "Unmask",
                "find_masked",
                "look_up",
                "mask_content",
                "mask_facts",
                "mask_name",
                "mask_point",
            ),
            "work": (
                "Worked",
                "find_case",
                "read_case",
                "work_on_case",
            ),
        },
    )
