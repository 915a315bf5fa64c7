"""From a scheme's decline code to the taxonomy: most specific key first, then the message. Pure but for one file.

The table is `decline_codes.csv` beside this file: scheme, code, reason, retry, source. It is read when the first code
is looked up, not when this module is imported. A row names the network in its scheme (`iso8583:visa`), because the
same digits mean different things on different networks. 65 is a count limit at Visa and a call for strong
authentication at Mastercard. `ISSUER_DECLINED_GENERIC` in a row says that the scheme gives no reason: it is generic on
purpose. `retry` is `never` where the scheme forbids another try of the same payment, or the time after which it allows
one.

A lookup by a general message must never hide a structured code, therefore a message decides only where no row does. A
code that is not found is told in the words of a plain decline, and is logged and counted when the fact comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import normalize

from hotline.contracts.model import Failure, MovementKind
from hotline.contracts.vocabulary import Scheme, network_of, scheme_of

from .failures import FailureCode as F
from .failures import WorksWhen

TABLE: Final = Path(__file__).with_suffix(".csv")
NEVER: Final = "never"
"""In the column `retry`: the scheme forbids another try of the same payment."""

_PHRASES: Final[Mapping[F, tuple[str, ...]]] = {
    F.INSUFFICIENT_FUNDS: (
        "insufficient funds", "insufficient balance", "not sufficient funds", "not enough balance",
        "not enough funds", "余额不足", "资金不足", "存款不足",
    ),
    F.PAYMENT_CODE_INVALID: ("码已过期", "码已失效", "码已使用"),
    F.EXPIRED_CARD: (
        "expired card", "card expired", "card has expired", "card is expired", "卡已过期", "卡片已过期", "卡过期",
        "卡片过期", "过期卡", "过期的卡", "卡已到期", "卡片已到期", "卡有效期已过", "卡已过有效期", "卡片已过有效期",
    ),
    F.INVALID_CARD_NUMBER: (
        "invalid card number", "incorrect card number", "card number is incorrect", "card number is invalid",
        "卡号错误", "卡号无效", "卡号有误", "卡号不正确", "无效卡号", "无效的卡号",
    ),
    F.WRONG_EXPIRY: (
        "expiration date is invalid", "expiration month is invalid", "expiration year is invalid",
        "expiration date is incorrect", "expiry date is invalid", "expiry date is incorrect",
    ),
    F.PIN_TRIES: ("密码错误次数", "密码输错次数", "密码输入次数", "密码次数", "密码错误超", "密码已锁定", "密码被锁定"),
    F.WRONG_PIN: (
        "incorrect pin", "invalid pin", "wrong pin", "密码错误", "密码输入错误", "密码不正确", "密码有误", "密码无效",
        "无效密码",
    ),
    F.AUTH_REQUIRED: (
        "3d not authenticated", "authentication required", "requires authentication",
        "未通过3d验证", "未经3d验证", "需要验证", "需要身份验证",
        "需要认证", "需要身份认证", "需进行验证", "需身份验证",
    ),
    F.NOT_PERMITTED: ("not permitted", "不允许", "不被允许", "未被允许", "不许可"),
    F.CURRENCY_NOT_SUPPORTED: (
        "currency not supported", "currency is not supported", "币种不支持", "不支持该币种", "不支持此币种",
        "不支持的币种",
    ),
    F.CARD_NOT_SUPPORTED: (
        "card not supported", "card is not supported", "card type not supported", "card type is not supported",
        "unsupported card", "card does not support this type of purchase",
        "不支持该卡", "不支持此卡", "不支持这张卡", "不支持该银行卡", "不支持此银行卡",
        "不支持的卡", "卡不支持", "卡种不支持",
    ),
    F.LIMIT_COUNT: ("count exceeded", "次数超限", "次数超过", "超过次数", "超出次数", "次数已达", "笔数超限"),
    F.LIMIT_AMOUNT: ("amount exceeded", "限额", "金额超限", "金额超过", "金额超出"),
    F.ISSUER_UNAVAILABLE: (
        "issuer unavailable", "发卡行不可用", "发卡机构不可用", "发卡行故障", "发卡行系统故障", "发卡行系统异常",
        "发卡机构故障", "发卡行无应答",
    ),
    F.PROCESSOR_ERROR: (
        "acquirer error", "error occurred while processing your card",
        "收单行错误", "收单行异常", "收单行故障", "收单机构错误", "收单机构异常", "收单机构故障",
    ),
    F.ORDER_EXPIRED: ("超时关闭",),
    F.NETWORK_TIMEOUT: ("timed out", "timeout", "超时"),
    F.DUPLICATE: (
        "duplicate transaction", "duplicate payment", "duplicate charge", "already paid", "already been paid",
        "重复交易", "重复支付", "重复付款", "重复扣款", "重复缴费", "已支付", "已付款",
    ),
    F.ISSUER_DECLINED_GENERIC: ("do not honor", "不予承兑", "不承兑"),
}  # fmt: skip
"""The phrases that explain a message, in this order. One counts where it is the whole statement, but for _FILLING."""

_FILLING: Final = re.compile(
    r"(?:\b(?:the|your|this|that|a|an|its|in|on|of|for|to|by|with|at|and|or|as|has|have|had|is|are|was|were|be|been"
    r"|due|because|reason|code|error|err|message|msg|sorry|please|fail(?:ed|ure)?|declin(?:e|ed)|refus(?:e|ed)|reject(?:ed)?"
    r"|card(?:holder)?|bank|issuer|issuing|account|wallet|balance|user|customer|payer|buyer|shopper|client|debtor"
    r"|transactions?|payments?|purchases?|orders?|funds?|amount|limits?|exceeded|available|stored|saved|online|shopping"
    r"|spending|daily|weekly|monthly|single|maximum|withdrawal|credit|debit|prepaid|gateway|network|connection|request"
    r"|response|host|incorrect|invalid|wrong|mismatch|check|cover|complete|make|again|date)\b"
    "|您|你|的|该|此|本|这|张|笔|在|因|为|由于|用户|买家|付款方|付款人|持卡人|客户|账户|帐户|账号|帐号|银行|卡片|卡内|卡上|卡"
    "|种|类|内|上|里|可用|钱包|零钱|余额宝|付款|支付|交易|消费|订单|当前|单笔|单日|当日|每日|日|月|年|累计|超过|超出|超限"
    "|已达|达到|上限|过多|金额|次数|到店|二维|条|应答|响应|网络|系统|连接|请求|通讯|通信|处理|失败|原因|错误|有误|不正确"
    "|不匹配|无效|校验|验证|未通过|不足|已|被|是|了|[\\s'’\"“”#*_]|(?<=['’])s\\b|[a-z]{0,2}[0-9]++)*+"
)
"""Words beside a phrase that leave its meaning as it is: those about the payer, their means and this payment. Any other
word may turn it (`in your Stripe account`, `PIN block`, `代金券余额不足`), and then nothing is explained."""
_WRONG_VALUE: Final[Mapping[F, re.Pattern[str]]] = {
    F.WRONG_CVC: re.compile(r"\bc(?:vc|vv|vn)2?\b|\bsecurity code\b|安全码"),
}
"""Things that a customer gives. A message that only names one says nothing of it (`M - CVV2 Match`)."""
_IS_WRONG: Final = re.compile(
    r"\b(?:incorrect|invalid|wrong|mis-?match(?:ed)?|error|fail(?:ed|ure)?(?: to match)?|declin(?:e|ed)|refus(?:e|ed)"
    r"|reject(?:ed)?|(?:(?:do|does|did|is|was) )?not match(?:ed|ing)?|no[n -]*match|not (?:correct|valid))\b"
    "|错误|有误|不正确|不匹配|不符|无效|失败|未通过|不通过"
)
"""Words that say that such a thing was wrong."""
_TELL_SUCCESS: Final = frozenset({"already paid", "already been paid", "已支付", "已付款"})
_FAILED_BEHIND: Final = re.compile(
    r"\s*(?:失败|无效|有误|错误|未通过|不足|fail(?:ed|ure)?\b|declin(?:e|ed)\b|refus(?:e|ed)\b|reject(?:ed)?\b|error\b)"
)
"""A payment that failed was no success: `已支付失败` says nothing of another one."""
_NEGATED_BEFORE: Final = re.compile(
    r"(?:\b(?:not|no|never|without|non|neither|nor|cannot be)|n['’]t)[ -]+"
    "(?:(?:an?|the|any|due to|because of|as|longer|still|yet|currently|in|been?|being|suspected|reported|sign of) )*$"
    "|(?:不是|不再是?|不存在|并非|绝非|没有?|并未|尚未|从未|未|无|非|不)(?:因为?|由于|任何|发现|存在|正|在|被|有|处于|为|出现|涉及)*$"
)
"""A denial of the words behind it. A denied thing is not the reason, and the outcome is no more open for it."""
_BETWEEN_STATEMENTS: Final = re.compile(r"[:;,.!?()\[\]{}<>|/=，。；：！？（）【】、\n]+|\s-+\s")

_RISKS: Final[Mapping[F, tuple[str, ...]]] = {
    F.SUSPECTED_FRAUD: ("fraud", "risk", "欺诈", "诈骗", "风险", "风控"),
    F.LOST_STOLEN_PICKUP: (
        "lost card", "pick up card", "blocked card", "restricted card", "stolen", "挂失", "被盗", "没收", "吞卡",
        "卡丢失", "卡片丢失", "卡遗失", "卡片遗失", "受限卡", "受限制的卡", "卡已受限", "卡片受限", "卡已被锁",
        "卡已锁定", "卡片已锁定",
    ),
}  # fmt: skip
"""Looked for before any other reason, so that a risk is never told by accident."""
_RISKS_SAID: Final[Mapping[F, re.Pattern[str]]] = {
    reason: re.compile("|".join(map(re.escape, said))) for reason, said in _RISKS.items()
}

_OUTCOME_UNKNOWN: Final = re.compile(
    r"\b(?:result|outcome|status)(?: is| was)? (?:unknown|uncertain|unclear|not known)\b"
    r"|\bunknown (?:result|outcome|status)\b|\bindeterminate\b|\bmay have (?:already )?(?:been )?(?:paid|succeeded)\b"
    "|(?:结果|状态)(?:未知|不明|未明确|不确定|待确认)|可能已(?:经)?(?:支付|付款|扣款)"
)
_IN_PROCESS: Final = re.compile(
    r"(?<!verification )(?<!activation )\b(?:in ?progress|in ?process|being processed|(?:is|still) processing"
    r"|pending\b(?! (?:verification|activation|approval|registration|identity|kyc)))\b"
    "|处理中(?!心)|正在处理|支付中(?![断止心])|付款中(?![断止心])|等待(?:用户|买家|客户)(?:付款|支付|输入)"
)
"""An outcome that nobody knows yet: the customer waits. Advice to pay in another way could charge twice, also where the
message speaks of the payee."""
_OF_THE_SYSTEM: Final = re.compile(
    r"\b(?:cut-?\s?(?:over|off)|change-?over|migrat\w*|maintenance|upgrad\w*|settlement|reconciliation|batch|end of day"
    r"|in process of)\b|日切|切换|迁移|升级|维护|清算|结算|对账"
)
"""Work at the system itself is in process, not the payment."""

_SPEAKS_OF_THE_PAYEE: Final = re.compile(
    "seller|merchant|payee|receiver|creditor|beneficiary|refund|payout"
    # A verb is not the shop: `to store the card`, `do not store`, `could not store`. A shopper is the customer.
    r"|(?<!to )(?<!not )(?<!in )(?<!in-)\bstores?\b|(?<!in )(?<!in-)\bshops?\b"
    r"|\b(?:vendor|supplier|recipient|acceptor|retailer|biller|transferee|counterparty|outlet|reseller)s?\b"
    r"|\b(?:business|company|corporate|platform|destination|target|receiving)(?:'s)? (?:account|balance|bank|funds)\b"
    r"|\b(?:other (?:party|side)|service provider)\b"
    "|卖家|卖方|商户|商家|商店|店铺|门店|店家|店主|网店|小店|企业|公司|对公|对方|收款|收方|受款|收益人|受益人"
    "|供应商|服务商|经销商|代理商|加盟商|分销商|零售商|转入方|目标账户|平台账户|平台余额|退款|代付"
    "|收单(?!(?:银?行|机构)(?:系统)?(?:错误|异常|故障))"
)
"""Words about the other side say nothing about the customer: a seller's balance is not the customer's, and a refund
is paid from it. The acquirer's own fault is nobody's balance."""

_ABOUT_REFUND: Final = re.compile("refund|退款")

_LABELS: Final[Mapping[str, str]] = {
    Scheme.ISO8583: r"(?:de|df|field|f) ?39|iso(?: ?8583)?|rc",
    Scheme.MASTERCARD_MAC: "mac",
    Scheme.UNIONPAY: "rc",
    Scheme.PAYPAL: "rc",
    Scheme.NACHA: "rc",
    Scheme.ISO20022: r"(?:(?:sts|rtr|cxl)rsninf/)?rsn(?:/(?:cd|prtry))?",
}
"""Names of the field that holds a scheme's code. `RC03` is no merchant advice code, and `MAC03` no response code."""
_LABEL_OF_ANY: Final = (
    "(?:(?:decline|response|resp|refusal|error|err|result|return|status|sub|advice)?[_ ]?(?:reason)?[_ ]?code)"
)
_GLUED: Final[Mapping[str, re.Pattern[str]]] = {
    Scheme.ISO8583: re.compile(r"(?:rc|de39=?)(?=[0-9a-z]?[0-9]{1,2}[a-z]?\b|[0-9][a-z]\b)"),
    Scheme.UNIONPAY: re.compile(r"rc(?=[0-9]{1,2}\b)"),
    Scheme.MASTERCARD_MAC: re.compile(r"mac(?=[0-9]{1,2}\b)"),
}
"""A label without anything between it and the code: `RC51`, `MAC03`."""
_PLATFORM: Final = re.compile(r"(?:(?:aop|acq|aqc|isv|isp)[.:/] ?)+")
"""Alipay's names of gateway and product before its sub-codes, with the misspelling of its own pages. A blank behind the
dot (`ACQ. TRADE_HAS_SUCCESS`) means nothing."""
_SCHEME_PREFIX: Final = re.compile(r"([a-z][a-z0-9 _-]*?)[.:/ ] ?(?=\S)")
_OPENING: Final = "[({<'\"`‘“「『【《"
_CLOSING: Final = "])}>'\"`’”」』】》"
_END_OF_CODE: Final = re.compile(r"[\s:;,|(/\[" + re.escape(_CLOSING) + "]")
_DASH: Final = re.compile("[-‐‑–—]")
_SPREADSHEET: Final = re.compile(r"([0-9]+)\.0+")
"""A code of digits that a spreadsheet has made a number."""
_HYPHENATED: Final = re.compile(r"([a-z]{1,4})[-‐‑–— ]([0-9]{1,3})")
"""`AM-04`: letters and their number. Digits behind digits are never joined."""
_PARTED: Final[Mapping[str, re.Pattern[str]]] = {
    Scheme.NACHA: re.compile(r"(?<=^[rc]) (?=[0-9]{1,2}(?:\W|$))"),
    Scheme.ISO20022: re.compile(r"(?<=^[a-z]{2}) (?=[0-9]{2}(?:\W|$))"),
}
"""A space between the letters and the digits of a code, also where a text follows (`R 02 - Account Closed`)."""
_PARTS: Final = re.compile(r"\s*(?:[:/|(\[]|\s-+>?\s)\s*")
"""Between a general code and the one that it holds."""
_HOLDERS: Final = frozenset(
    {
        (Scheme.PAYPAL, "UNPROCESSABLE_ENTITY"), (Scheme.PAYPAL, "INVALID_REQUEST"),
        (Scheme.PAYPAL, "RESOURCE_NOT_FOUND"), (Scheme.PAYPAL, "NOT_AUTHORIZED"),
        (Scheme.PAYPAL, "INTERNAL_SERVER_ERROR"), (Scheme.STRIPE, "invalid_request_error"),
        (Scheme.STRIPE, "api_error"), (Scheme.ALIPAY, "20000"), (Scheme.ALIPAY, "20001"), (Scheme.ALIPAY, "40001"),
        (Scheme.ALIPAY, "40002"), (Scheme.ALIPAY, "40006"),
    }
)  # fmt: skip
"""Codes that name a class of errors. One that stands behind them (`UNPROCESSABLE_ENTITY/INSTRUMENT_DECLINED`) says
more. A code without a reason holds another one in the same way."""


@dataclass(frozen=True, slots=True)
class DeclineCode:
    """One row of the table. `scheme` names the card network where the row is of one (`iso8583:visa`).

    `forbidden`: the scheme forbids another try of the same payment. `works_when`: the time that the scheme names for
    it, None where it names none. `source`: who says so."""

    scheme: str
    code: str
    reason: F
    forbidden: bool
    works_when: WorksWhen | None
    source: str


@dataclass(frozen=True, slots=True)
class Classified:
    """`mapped` is False when neither code nor message was known."""

    code: F
    mapped: bool


def classify(failure: Failure, *, network: str | None) -> Classified:
    """Our code for a scheme's. `network` is that of the card, None for another instrument or when it is not known.

    The words of an unknown code and its message explain it, unless they speak of the payee. A message that says that
    the outcome is unknown or in process decides for that in any case.
    """
    row = find_row(failure.scheme, failure.code, network=network)
    if row is not None:
        return Classified(row.reason, mapped=True)
    words = failure.code.casefold().replace("_", " ")
    found = _read_message(f"{words}\n{normalize('NFKC', failure.message or '').casefold()}")
    return Classified(found or F.OTHER, mapped=found is not None)


def _read_message(message: str) -> F | None:
    """The reason that a message in small letters gives. None where it gives none, or speaks of the payee."""
    running = F.REFUND_STILL_RUNNING if _ABOUT_REFUND.search(message) else F.PAYMENT_IN_PROGRESS
    if _affirms(_OUTCOME_UNKNOWN, message):
        return running
    of_payee = _SPEAKS_OF_THE_PAYEE.search(message) is not None
    of_risk = None if of_payee else _find_risk(message)
    if of_risk is not None:
        return of_risk
    statements = [statement.strip() for statement in _BETWEEN_STATEMENTS.split(message)]
    if any(_affirms(_IN_PROCESS, statement) and not _OF_THE_SYSTEM.search(statement) for statement in statements):
        return running
    return None if of_payee else _find_reason(statements)


def _find_risk(message: str) -> F | None:
    return next((reason for reason, said in _RISKS_SAID.items() if _affirms(said, message)), None)


def _affirms(said: re.Pattern[str], text: str) -> bool:
    """Whether the text says it somewhere without denying it."""
    return any(not _NEGATED_BEFORE.search(text, 0, found.start()) for found in said.finditer(text))


def _find_reason(statements: Sequence[str]) -> F | None:
    wrong = (code for code, named in _WRONG_VALUE.items() if any(_says_wrong(each, named) for each in statements))
    told = (code for code, said in _PHRASES.items() if any(_states(each, said) for each in statements))
    return next(wrong, None) or next(told, None)


def _states(statement: str, phrases: Sequence[str]) -> bool:
    """Whether the statement is one of the phrases, with nothing beside it that could turn its meaning."""
    for phrase in phrases:
        before, found, behind = statement.partition(phrase)
        if phrase in _TELL_SUCCESS and _FAILED_BEHIND.match(behind):
            continue
        if found and _FILLING.fullmatch(before) and _FILLING.fullmatch(behind):
            return True
    return False


def _says_wrong(statement: str, named: re.Pattern[str]) -> bool:
    """Whether the statement says that what it names was wrong, with nothing beside it that could turn its meaning."""
    value, wrong = named.search(statement), _IS_WRONG.search(statement)
    if value is None or wrong is None:
        return False
    first, last = sorted((value.span(), wrong.span()))
    parts = (statement[: first[0]], statement[first[1] : last[0]], statement[last[1] :])
    return all(_FILLING.fullmatch(part) for part in parts)


_OF_REFUND: Final[Mapping[F, F]] = {
    F.INSUFFICIENT_FUNDS: F.REFUND_MERCHANT_FUNDS,
    F.ACCOUNT_CLOSED: F.REFUND_DESTINATION_CLOSED,
    F.NO_SUCH_ACCOUNT: F.REFUND_DESTINATION_CLOSED,
    F.EXPIRED_CARD: F.REFUND_DESTINATION_CLOSED,
    F.CURRENCY_NOT_SUPPORTED: F.REFUND_DATA_MISMATCH,
    F.PAYMENT_IN_PROGRESS: F.REFUND_STILL_RUNNING,
    F.NETWORK_TIMEOUT: F.REFUND_STILL_RUNNING,
    F.DUPLICATE: F.REFUND_ALREADY_DONE,
}
"""The meaning of a code of payments in the answer to a refund. The money that is short there is the merchant's: some
schemes have one code for both (WeChat's `NOTENOUGH`)."""


def classify_refund(failure: Failure) -> F:
    """Our code for a scheme's that came with a refund. A reason that is not one of refunds is OTHER."""
    row = find_row(failure.scheme, failure.code, network=None)
    found = row.reason if row is not None else F.OTHER
    told = _OF_REFUND.get(found, found)
    return told if is_of_refunds(told) else F.OTHER


_OF_MOVEMENT: Final[Mapping[F, F]] = {
    F.REFUND_STILL_RUNNING: F.PAYMENT_IN_PROGRESS,
    F.REFUND_NOT_YET: F.PAYMENT_IN_PROGRESS,
}
"""The meaning of a reason of refunds for a movement itself: only that the outcome is open goes for both. Any other says
something about a refund that nobody asked for; the movement was declined, and nothing more is known."""
_OF_THE_CALLER: Final = frozenset({(Scheme.WECHAT, "NOT_ENOUGH"), (Scheme.WECHAT, "NOTENOUGH")})
"""Codes for money that is short with the one who pays by the request. That is the payer in a payment. In a refund and
in a transfer to a customer it is the provider's merchant, here the wallet (WeChat Pay: refunds, mch-transfer)."""
_PAID_BY_CUSTOMER: Final = frozenset({MovementKind.PAYMENT, MovementKind.BILL_PAYMENT, MovementKind.TOP_UP})


def classify_movement(failure: Failure, *, kind: MovementKind, network: str | None) -> Classified:
    """Our code for a scheme's that came with a movement; see classify. It never is a reason of refunds."""
    found = classify(failure, network=network)
    row = find_row(failure.scheme, failure.code, network=network)
    if row is not None and (row.scheme, row.code) in _OF_THE_CALLER:
        is_payer = kind in _PAID_BY_CUSTOMER
        return Classified(F.INSUFFICIENT_FUNDS if is_payer else F.ISSUER_DECLINED_GENERIC, mapped=True)
    return Classified(reason_of_movement(found.code), found.mapped)


def reason_of_movement(code: F) -> F:
    """The reason as it goes for a movement itself, see _OF_MOVEMENT."""
    return _OF_MOVEMENT.get(code, F.ISSUER_DECLINED_GENERIC) if is_of_refunds(code) else code


def is_of_refunds(code: F) -> bool:
    """Whether the reason speaks of a refund, and explains no movement."""
    return code.value.startswith("REFUND_")


def is_known(scheme: str, code: str, *, network: str | None) -> bool:
    """Whether the taxonomy has the scheme's code itself, whatever the message said."""
    return find_row(scheme, code, network=network) is not None


def find_row(scheme: str, code: str, *, network: str | None) -> DeclineCode | None:
    """The most specific row for a code: that of the card network before that of the scheme. None for an unknown code.

    Spellings mean nothing: case, leading zeros, labels (`DE39=51`, `RC51`), names of scheme or product (`ACQ.`),
    brackets and quotes. A text after the code means nothing either (`51 : Insufficient funds`). Where a general
    code holds another one (`card_declined/insufficient_funds`), the most specific known one is read. The scheme may
    name the network itself (`iso8583:visa`, or only `visa`).
    """
    scheme, network = _split_scheme(scheme, network)
    if scheme == Scheme.WALLET:
        return next(filter(None, map(_WALLET.get, _spell(scheme, code))), None)
    places = (f"{scheme}:{network}", scheme) if network else (scheme,)
    return _find_most_specific(places, scheme, normalize("NFKC", code))


def _find_most_specific(places: Sequence[str], scheme: str, code: str) -> DeclineCode | None:
    row = _find_spelling(places, tuple(dict.fromkeys(_spell(scheme, code))))
    if row is None or not (row.reason is F.ISSUER_DECLINED_GENERIC or (row.scheme, row.code) in _HOLDERS):
        return row
    inner = next((part for part in _PARTS.split(code, maxsplit=1)[1:]), "").strip(_OPENING + _CLOSING + " ")
    # A number within a text (`05 amount: 51 EUR`) is no code: what begins with a digit has to stand alone.
    if not inner or (inner[0].isdigit() and not inner.isalnum()):
        return row
    return _find_most_specific(places, scheme, inner) or row


def _find_spelling(places: Sequence[str], spellings: Sequence[str]) -> DeclineCode | None:
    table = read_table()
    for place in places:
        for spelling in spellings:
            if (place, spelling) in table:
                return _parse(table[place, spelling])
    return None


def list_rows() -> tuple[DeclineCode, ...]:
    """Every row of the table, in its order."""
    return tuple(map(_parse, read_table().values()))


def _split_scheme(scheme: str, network: str | None) -> tuple[str, str | None]:
    name, _, named = scheme.partition(":")
    network = network_of(named) or network_of(network)
    known = scheme_of(name)
    if known == Scheme.UNIONPAY_POS:
        return Scheme.ISO8583, "unionpay"
    if known is None and network_of(name) is not None:
        return Scheme.ISO8583, network_of(name)
    return _SAME_CODES.get(known, known) if known else name.strip().casefold(), network


_SAME_CODES: Final[Mapping[str, str]] = {
    Scheme.ANTOM: Scheme.ALIPAY,
    Scheme.WECHAT_V3: Scheme.WECHAT,
    Scheme.SEPA: Scheme.ISO20022,
}
"""Schemes whose codes stand in the rows of another: no code of one means something else in the other."""


def _spell(scheme: str, code: str) -> Iterator[str]:
    """The spellings under which a code may stand in the table, the likeliest first."""
    whole = " ".join(normalize("NFKC", code).casefold().split()).lstrip(_OPENING + " =")
    whole = whole.rstrip(_CLOSING + " ")
    named = _strip_label(scheme, _strip_scheme(scheme, whole)).lstrip(_OPENING + " ")
    if scheme in _PARTED:
        whole, named = (_PARTED[scheme].sub("", each, count=1) for each in (whole, named))
    for bare in dict.fromkeys((whole, named)):
        for text in (bare, *_cut_texts(bare)):
            number = _SPREADSHEET.fullmatch(text)
            pair = _HYPHENATED.fullmatch(text)
            exact = number[1] if number else "".join(pair.groups()) if pair else text
            for plain in dict.fromkeys(each.replace(" ", "_").replace("-", "_") for each in (text, exact)):
                yield from _spell_alipay(plain) if scheme == Scheme.ALIPAY else (plain,)
                yield _pad(scheme, plain)


def _cut_texts(bare: str) -> Iterator[str]:
    """The parts before a text, the longest first. Digits behind digits (`5 1`) are no text: nobody knows which of
    them is the code."""
    bare = _dot_products(bare)
    for head, behind in _divide(bare):
        if not any(map(str.isdigit, behind)) or any(map(str.isalpha, behind)):
            yield head


def _dot_products(code: str) -> str:
    """The code with a dot behind each name of a product before it (`ACQ:`, `ACQ/`)."""
    return _PLATFORM.sub(lambda found: re.sub("[.:/] ?", ".", found[0]), code, count=1)


def _divide(bare: str) -> Iterator[tuple[str, str]]:
    end = _END_OF_CODE.search(bare)
    head, behind = (bare[: end.start()], bare[end.end() :]) if end else (bare, "")
    named, *text = _PARTS.split(bare, maxsplit=1)
    if " " in named and text:
        # The name of a general code in words, before the one that it holds (`Card Declined / Insufficient Funds`).
        yield named, text[0]
    yield head, behind
    for dash in reversed(tuple(_DASH.finditer(head))):
        # A dash before a word ends the code (`51-declined`). One before a digit does not (`51-12`).
        if head[dash.end() : dash.end() + 1].isalpha():
            yield head[: dash.start()], f"{head[dash.end() :]} {behind}"


def _strip_scheme(scheme: str, whole: str) -> str:
    """The text without the name of its own scheme before it (`PAYPAL.INSTRUMENT_DECLINED`)."""
    prefix = _SCHEME_PREFIX.match(whole)
    named = scheme_of(prefix[1]) if prefix else None
    return whole[prefix.end() :] if prefix and named and _SAME_CODES.get(named, named) == scheme else whole


def _strip_label(scheme: str, whole: str) -> str:
    labels = "|".join(filter(None, (_LABELS.get(scheme), _LABEL_OF_ANY)))
    label = re.match(rf"(?:{labels})(?:[ :=#/-]|_(?=[0-9]))+", whole)
    if label is None and scheme in _GLUED:
        label = _GLUED[scheme].match(whole)
    return whole[label.end() :] if label else whole


def _spell_alipay(code: str) -> Iterator[str]:
    """A sub-code as it stands, with the product's name alone, and without it: names may change what a code means."""
    dotted = _dot_products(code)
    yield dotted
    bare = _PLATFORM.sub("", dotted, count=1)
    if re.search(r"a(?:cq|qc)\.", dotted):
        yield f"acq.{bare}"
    yield bare


def _pad(scheme: str, code: str) -> str:
    """The code with as many digits as its scheme writes."""
    match scheme:
        case Scheme.ISO8583 | Scheme.UNIONPAY | Scheme.MASTERCARD_MAC:
            return code.lstrip("0").zfill(2)
        case Scheme.ADYEN:
            return code.lstrip("0")
        case Scheme.PAYPAL:
            return code.zfill(4) if code.isdigit() else code
        case Scheme.NACHA:
            # A return (`R01`), or a notification of change (`C01`).
            letter = "c" if code.startswith("c") else "r"
            return letter + code.removeprefix(letter).lstrip("0").zfill(2)
        case _:
            return code


def _parse(line: str) -> DeclineCode:
    scheme, code, reason, retry, source = line.split(",")
    when = None if retry in ("", NEVER) else WorksWhen(retry)
    return DeclineCode(scheme, code, F(reason), retry == NEVER, when, source)


@cache
def read_table() -> Mapping[tuple[str, str], str]:
    """The lines of the table by scheme and code. A line is parsed when it is asked for: a call asks for one or two."""
    found: dict[tuple[str, str], str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        scheme, code, _ = line.split(",", 2)
        found[scheme, code.casefold().replace("-", "_")] = line
    return found


_WALLET: Final[Mapping[str, DeclineCode]] = {
    code.value.casefold(): DeclineCode(Scheme.WALLET, code.value, code, False, None, "names of the taxonomy")
    for code in F
    if code is not F.OTHER
}
"""The wallet's own scheme uses the names of the taxonomy."""
