"""Every rule that is shipped. They stand apart, since most functions know what a rule is and judge nothing."""

from __future__ import annotations

from typing import Any, Final

from .agent_approvals import DETECTOR as AGENT_APPROVALS
from .agent_browsing import DETECTOR as AGENT_BROWSING
from .agent_openings import DETECTOR as AGENT_OPENINGS
from .agent_unmasking import DETECTOR as AGENT_UNMASKING
from .card_testing import DETECTOR as CARD_TESTING
from .code_flooding import DETECTOR as CODE_FLOODING
from .counterparty_risk import DETECTOR as COUNTERPARTY_RISK
from .credential_stuffing import DETECTOR as CREDENTIAL_STUFFING
from .distributed_guessing import DETECTOR as DISTRIBUTED_GUESSING
from .drain import DETECTOR as DRAIN
from .failed_login_burst import DETECTOR as FAILED_LOGIN_BURST
from .impossible_travel import DETECTOR as IMPOSSIBLE_TRAVEL
from .new_devices_in_a_row import DETECTOR as NEW_DEVICES_IN_A_ROW
from .no_second_factor import DETECTOR as NO_SECOND_FACTOR
from .one_contact_point import DETECTOR as ONE_CONTACT_POINT
from .pass_through import DETECTOR as PASS_THROUGH
from .password_spray import DETECTOR as PASSWORD_SPRAY
from .refund_abuse import DETECTOR as REFUND_ABUSE
from .reset_device_transfer import DETECTOR as RESET_DEVICE_TRANSFER
from .rule import Detector
from .slow_stuffing import DETECTOR as SLOW_STUFFING
from .spend_anomaly import DETECTOR as SPEND_ANOMALY
from .stale_password import DETECTOR as STALE_PASSWORD
from .success_after_attack import DETECTOR as SUCCESS_AFTER_ATTACK
from .two_countries import DETECTOR as TWO_COUNTRIES
from .velocity import DETECTOR as VELOCITY

DETECTORS: Final[tuple[Detector[Any], ...]] = (
    FAILED_LOGIN_BURST,
    DISTRIBUTED_GUESSING,
    SUCCESS_AFTER_ATTACK,
    CODE_FLOODING,
    NEW_DEVICES_IN_A_ROW,
    IMPOSSIBLE_TRAVEL,
    TWO_COUNTRIES,
    RESET_DEVICE_TRANSFER,
    NO_SECOND_FACTOR,
    ONE_CONTACT_POINT,
    STALE_PASSWORD,
    CREDENTIAL_STUFFING,
    PASSWORD_SPRAY,
    SLOW_STUFFING,
    AGENT_BROWSING,
    AGENT_UNMASKING,
    AGENT_OPENINGS,
    AGENT_APPROVALS,
    DRAIN,
    PASS_THROUGH,
    SPEND_ANOMALY,
    VELOCITY,
    COUNTERPARTY_RISK,
    CARD_TESTING,
    REFUND_ABUSE,
)
"""Every rule, in the order in which they judge."""
