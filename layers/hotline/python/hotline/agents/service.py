"""The face of the agents' room: what the agents' API, the line and the app may ask for."""

from __future__ import annotations

from hotline.identity.model import Approval, ApprovalError, ApprovalState

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
    JudgeFinding,
    JudgeSubjectFinding,
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
from .findings import find_told_findings, may_decide
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
from .own import leave_out_own, leave_out_own_contacts, refuse_own
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
    list_edit_actions,
    list_payment_actions,
    list_refund_actions,
    read_payments,
)
from .views import Unmask, find_masked, look_up, mask_content, mask_facts, mask_name, mask_point
from .work import Worked, read_case, work_on_case

__all__ = [
    "APPROVAL_LIFE",
    "DAYS_MAX",
    "END_PAUSE",
    "FREEZE",
    "GOALS",
    "GRANT_RESET",
    "LIMITS",
    "OPENINGS",
    "PAGE_MAX",
    "PAUSE",
    "UNFREEZE",
    "UNLOCK",
    "USER_NAME_CHARACTERS_MAX",
    "Action",
    "AgentAct",
    "AgentRequest",
    "AnswerProof",
    "Approval",
    "ApprovalError",
    "ApprovalPage",
    "ApprovalState",
    "AskProof",
    "AskRefund",
    "BeginRowsAnew",
    "Deed",
    "EditBanner",
    "EditHours",
    "EditNumbers",
    "EndProof",
    "JudgeFinding",
    "JudgeSubjectFinding",
    "Obstacle",
    "PayOtherWay",
    "Performed",
    "PublishPolicy",
    "ReleaseHold",
    "RemovePoint",
    "ReviewRefund",
    "Step",
    "ToldRisk",
    "Unmask",
    "Worked",
    "ask",
    "decide",
    "find_agent",
    "find_approval",
    "find_ground",
    "find_hold_action",
    "find_known_agent",
    "find_masked",
    "find_names",
    "find_next_step",
    "find_people",
    "find_point_action",
    "find_proof_request",
    "find_risks",
    "find_told_findings",
    "is_sent_on",
    "leave_out_own",
    "leave_out_own_contacts",
    "list_activity",
    "list_case_actions",
    "list_case_goals",
    "list_decided_approvals",
    "list_edit_actions",
    "list_live_contacts",
    "list_open_approvals",
    "list_overtaken",
    "list_own_approvals",
    "list_payment_actions",
    "list_refund_actions",
    "list_told_approvals",
    "list_traces",
    "list_traces_of_days",
    "look_up",
    "mark_void",
    "mask_content",
    "mask_facts",
    "mask_name",
    "mask_point",
    "may_decide",
    "note_connected",
    "note_ended",
    "note_refusal",
    "open_request",
    "operation_of",
    "perform",
    "proof_request_keys",
    "read_case",
    "read_payments",
    "refuse_own",
    "remember_agent",
    "take_contact",
    "view_case",
    "view_contact",
    "view_lock",
    "view_proof",
    "was_handed_over",
    "work_on_case",
]
