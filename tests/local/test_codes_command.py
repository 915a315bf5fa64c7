"""`./hotline codes explain`: what a file of decline codes means, row by row."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hotline.kit.languages import LANGUAGES
from hotline_local import cli, provider_answers
from hotline_local.commands import codes
from hotline_local.commands.codes import KINDS
from hotline_local.launcher.paths import ROOT

CONTRACTS = ROOT / "docs/contracts.md"

HEAD = "scheme,code,message\n"


def explained(file: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    file.write_text(text, encoding="utf-8")
    assert cli.main(["codes", "explain", str(file), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_row_is_answered_in_order_with_its_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "iso8583:visa,N7,\nstripe,insufficient_funds,no money\nnewbank,X1,商户余额不足\n"
    found = explained(tmp_path / "codes.csv", HEAD + rows, capsys)
    assert [(one["scheme"], one["code"], one["reason"], one["retry"], one["next_step"]) for one in found] == [
        ("iso8583:visa", "N7", "WRONG_CVC", "after_change", "check_details"),
        ("stripe", "insufficient_funds", "INSUFFICIENT_FUNDS", "later", "top_up"),
        ("newbank", "X1", "OTHER", "never", "another_method_or_agent"),
    ]
    assert found[1]["caller"] == {
        "zh-CN": "原因是余额或卡内资金不足。请充值后再付，或换一种支付方式。资金到账后就可以了。",
        "en-US": "There was not enough money on the balance or card. Please top up, or pay in another way. "
        "It will work as soon as the money is there.",
    }
    assert found[1]["agent"]["zh-CN"] == "支付工具资金不足。"
    assert all(set(one["caller"]) == set(one["agent"]) == set(LANGUAGES) for one in found)
    assert (found[0]["source"].startswith("Visa"), found[2]["source"]) == (True, None)
    assert [one["who_acts"] for one in found] == ["customer"] * 3


def test_a_risk_is_answered_for_the_caller_as_a_plain_decline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "iso8583,05,\niso8583,43,\nadyen,20,\npaypal,PPAB,\niso20022,RR04,\nnewbank,X1,\n"
    plain, *others = explained(tmp_path / "codes.csv", HEAD + rows, capsys)
    for key in ("retry", "works_when", "next_step", "caller"):
        assert [one[key] for one in others] == [plain[key]] * len(others)
    assert len({one["agent"]["en-US"] for one in (plain, *others)}) == 6


def test_a_time_that_the_scheme_names_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = explained(tmp_path / "codes.csv", "code,scheme,more\n29,mastercard-mac,x\n", capsys)
    assert (found["retry"], found["works_when"]) == ("later", "in_eight_days")
    assert found["caller"]["zh-CN"].endswith("8天后可以再试。")


def test_a_code_is_explained_for_the_kind_of_movement_that_it_came_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("", "payment", "Bill payment", "top_up", "transfer", "withdrawal", "refund")
    rows = "".join(f"{scheme},NOT_ENOUGH,余额不足,{kind}\n" for scheme in ("wechat", "wechat-v3") for kind in kinds)
    found = explained(tmp_path / "codes.csv", f"scheme,code,message,kind\n{rows}", capsys)
    payer, plain = "INSUFFICIENT_FUNDS", "ISSUER_DECLINED_GENERIC"
    assert [one["reason"] for one in found] == [payer, payer, payer, payer, plain, plain, "REFUND_MERCHANT_FUNDS"] * 2


def test_a_code_that_only_refunds_have_stays_one_of_refunds_unless_a_kind_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "alipay,REFUND_AMT_NOT_EQUAL_TOTAL,,{0}\nstripe,charge_already_refunded,,{0}\n"
    text = "scheme,code,message,kind\n" + rows.format("") + rows.format("payment")
    found = explained(tmp_path / "codes.csv", text, capsys)
    assert [one["reason"].startswith("REFUND_") for one in found] == [True, True, False, False]


def test_the_words_are_those_of_the_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "scheme,code,kind\niso20022,AC04,transfer\niso20022,AC04,withdrawal\nwallet,ORDER_CLOSED,bill_payment\n"
    found = explained(tmp_path / "codes.csv", text, capsys)
    assert [one["caller"]["zh-CN"] for one in found] == [
        "原因是对方的账户已经注销。请转到对方的另一个账户，或换一种方式转账。",
        "原因是提现的银行账户已经注销。请换一张卡或一个账户提现。",
        "原因是这笔缴费已经关闭。请重新缴费。",
    ]


def test_without_json_an_explanation_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("\ufeff" + HEAD + "nacha,R01,\n", encoding="utf-8")
    assert cli.main(["codes", "explain", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("nacha R01: INSUFFICIENT_FUNDS (Nacha return reason codes")
    assert "caller zh-CN: 原因是余额或卡内资金不足。" in told


def test_a_row_without_a_code_is_explained_by_its_message_and_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("scheme,code,message\niso8583,51,\niso8583,,Expired card\n,,\nstripe\n", encoding="utf-8")
    assert cli.main(["codes", "explain", str(file), "--json"]) == 0
    reasons = [json.loads(line)["reason"] for line in capsys.readouterr().out.splitlines()]
    assert reasons == ["INSUFFICIENT_FUNDS", "EXPIRED_CARD", "OTHER", "OTHER"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"scheme,message\nstripe,x\n", "no column code"),
        (b"", "no column code and no column scheme"),
        (b'scheme,code,message\nstripe,"x\n', "not CSV"),
        (b"scheme,code,message\n\xff\xfe,x\n", "is not UTF-8"),
        (b"scheme,code,Code \nstripe,x,y\n", "has 2 columns code in its first line"),
        (b"scheme,code,message,message\nstripe,x,y,z\n", "has 2 columns message"),
        (b"scheme,code,kind,Kind\nstripe,x,y,z\n", "has 2 columns kind"),
        (
            b"scheme,code,kind\nstripe,x,loan\n",
            "the row that begins in line 2 has the kind loan; use payment, transfer",
        ),
        (b'scheme,code\nstripe,"x\nstripe,y\n', "the row that begins in line 2 is not CSV (a quote is not closed)."),
    ],
)
def test_a_file_that_is_not_one_of_codes_is_refused_with_its_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes, fault: str
) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes(text)
    assert cli.main(["codes", "explain", str(file), "--json"]) == 1
    told = capsys.readouterr()
    assert fault in told.err
    assert told.out == ""


def test_names_of_columns_are_read_with_capitals_and_padding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = explained(tmp_path / "codes.csv", "Message , Scheme, CODE \nno money,iso8583,51\n", capsys)
    assert (found["scheme"], found["code"], found["reason"]) == ("iso8583", "51", "INSUFFICIENT_FUNDS")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            'stripe,"x',
            "the row that begins in line 4 is not CSV (a quote is not closed). The rows before it are explained",
        ),
        (f"stripe,{'x' * 200_000}", "the row that begins in line 4 is not CSV (field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_those_before_it_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, fault: str
) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(f'scheme,code\niso8583,"51\n"\n{row}\nnacha,R01\n', encoding="utf-8")
    assert cli.main(["codes", "explain", str(file), "--json"]) == 1
    told = capsys.readouterr()
    assert [json.loads(line)["reason"] for line in told.out.splitlines()] == ["INSUFFICIENT_FUNDS"]
    assert fault in told.err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["codes", "explain", str(tmp_path / "none.csv")]) == 1
    assert "none.csv cannot be read: No such file" in capsys.readouterr().err


def test_the_help_names_columns_and_kinds_and_its_example_can_be_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["codes", "explain", "--help"])
    said = capsys.readouterr().out
    for name in ("scheme", "code", "message", "kind"):
        assert re.search(rf"^  {name} +[a-z]", said, re.MULTILINE)
    assert all(kind in said for kind in KINDS)
    (example,) = re.findall(r"printf '(.*)' > codes.csv", said)
    (tmp_path / "codes.csv").write_text(example.replace("\\n", "\n"), encoding="utf-8")
    assert cli.main(["codes", "explain", str(tmp_path / "codes.csv"), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["source"] is None for one in told] == [False, False]


# ---------------------------------------------------------------- answers of providers, and names that nobody knows


ERROR: dict[str, Any] = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
DECLINED = "Your card was declined."
ANSWERS: list[tuple[str, str, str, str]] = [
    ("an error", json.dumps({"error": {**ERROR, "message": DECLINED}}), "insufficient_funds", "INSUFFICIENT_FUNDS"),
    (
        "a payment intent",
        json.dumps({"object": "payment_intent", "last_payment_error": {**ERROR, "message": DECLINED}}),
        "insufficient_funds",
        "INSUFFICIENT_FUNDS",
    ),
    (
        "a charge, whose outcome says more",
        json.dumps({"failure_code": "card_declined", "failure_message": DECLINED, "outcome": {"reason": "lost_card"}}),
        "lost_card",
        "LOST_STOLEN_PICKUP",
    ),
    (
        "a refund",
        json.dumps({"object": "refund", "failure_reason": "expired_or_canceled_card"}),
        "expired_or_canceled_card",
        "REFUND_DESTINATION_CLOSED",
    ),
    (
        "codes that are empty, and words",
        json.dumps({"error": {"code": "", "decline_code": None, "message": "Your card has insufficient funds."}}),
        "",
        "INSUFFICIENT_FUNDS",
    ),
    (
        "words with a code",
        "The bank returned the decline code `insufficient_funds`.",
        "insufficient_funds",
        "INSUFFICIENT_FUNDS",
    ),
    ("an answer about nothing", json.dumps({"object": "charge", "paid": True}), "", "OTHER"),
    ("no JSON", '{"error": ', "", "OTHER"),
    ("words that are JSON of another form", '[{"decline_code": "lost_card"}]', "lost_card", "LOST_STOLEN_PICKUP"),
    ("too deep", '{"a":' * 5000 + "1" + "}" * 5000, "", "OTHER"),
]


@pytest.mark.parametrize(
    ("text", "code", "reason"), [row[1:] for row in ANSWERS], ids=[row[0].replace(" ", "-") for row in ANSWERS]
)
@pytest.mark.parametrize("column", ["message", "code"])
def test_an_answer_of_stripe_is_explained_by_the_code_in_it(text: str, code: str, reason: str, column: str) -> None:
    told = codes.explain("stripe", text, None) if column == "code" else codes.explain("stripe", "", text)
    assert told["reason"] == reason
    if code:
        assert told["code"] == code
        assert told["notes"] == [
            f"{code} was read in the answer: the hotline knows it only as failure.code (docs/contracts.md)."
        ]
        assert told["source"].startswith("Stripe")
    else:
        assert told["notes"] == []


def test_a_code_that_was_sent_and_says_enough_is_not_replaced() -> None:
    body = json.dumps({"decline_code": "lost_card"})
    assert codes.explain("stripe", "expired_card", body)["code"] == "expired_card"
    assert codes.explain("stripe", "card_declined", body)["code"] == "lost_card"
    assert codes.explain("newbank", "X1", body)["code"] == "X1"


@pytest.mark.parametrize(
    ("scheme", "body", "code"),
    [
        ("adyen", {"refusalReason": "Blocked Card", "refusalReasonCode": "5"}, "5"),
        ("adyen", {"refusalReasonCode": 5}, "5"),
        ("paypal", {"details": [{"issue": "INSTRUMENT_DECLINED", "description": "x"}]}, "INSTRUMENT_DECLINED"),
        (
            "alipay",
            {"alipay_trade_pay_response": {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}},
            "ACQ.SYSTEM_ERROR",
        ),
        ("antom", {"result": {"resultCode": "USER_BALANCE_NOT_ENOUGH"}}, "USER_BALANCE_NOT_ENOUGH"),
        ("wechat", {"err_code": "NOTENOUGH"}, "NOTENOUGH"),
        ("wechat-v3", {"code": "USERPAYING", "message": "x"}, "USERPAYING"),
        ("unionpay", {"respCode": "51", "respMsg": "x"}, "51"),
    ],
)
def test_answers_of_the_other_providers_are_read_by_their_fields(scheme: str, body: object, code: str) -> None:
    told = codes.explain(scheme, "", json.dumps(body))
    assert (told["code"], len(told["notes"])) == (code, 1)


def test_every_field_that_the_contracts_name_is_read() -> None:
    """The table of docs/contracts.md and the command know the same fields."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \| (.*?) \|$", CONTRACTS.read_text(encoding="utf-8"), re.MULTILINE)
    told = {scheme: f"{of_code} {of_words}" for scheme, of_code, of_words in rows}
    for scheme, names in provider_answers._CODES.items():
        for name in names:
            if (scheme, name) == ("stripe", "reason"):
                continue  # a field of a charge, which no fact has
            assert re.search(rf"[`.]{name}`", told[scheme]), (scheme, name)


@pytest.mark.parametrize(
    ("scheme", "note"),
    [
        (
            "iso8583:nonet",
            "nonet is no card network that is known, so the code is read without one; there are visa, mas",
        ),
        ("iso8583:viza", "viza is no card network that is known, so the code is read without one; did you mean visa?"),
        ("iso8583: Visa", ""),
        ("visa", ""),
        ("ISO 8583", ""),
        ("iso8583:", ""),
        (
            "stripee",
            "stripee is no scheme that is known, so code and message count by their words; did you mean st",
        ),
        (
            "newbank",
            "newbank is no scheme that is known, so code and message count by their words; there are iso85",
        ),
        ("", "An empty name is no scheme that is known, so code"),
    ],
)
def test_a_scheme_or_network_that_is_unknown_is_noted(
    tmp_path: Path, scheme: str, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = explained(tmp_path / "codes.csv", f"{HEAD}{scheme},51,\n", capsys)
    assert "".join(found["notes"]).startswith(note)
    assert len(found["notes"]) == bool(note)
    assert cli.main(["codes", "explain", str(tmp_path / "codes.csv")]) == 0
    assert ("  note: " in capsys.readouterr().out) is bool(note)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Your card number is incorrect.", "INVALID_CARD_NUMBER"),
        ("Your card's expiration year is invalid.", "WRONG_EXPIRY"),
        ("An error occurred while processing your card. Try again in a little bit.", "PROCESSOR_ERROR"),
        ("Your card does not support this type of purchase.", "CARD_NOT_SUPPORTED"),
        ("Your card was declined. This transaction requires authentication.", "AUTH_REQUIRED"),
        ("Your card has insufficient funds.", "INSUFFICIENT_FUNDS"),
        ("Your card has expired.", "EXPIRED_CARD"),
        ("Your card's security code is incorrect.", "WRONG_CVC"),
        ("Your card was declined.", "OTHER"),
    ],
)
def test_the_words_of_stripe_alone_are_explained(message: str, reason: str) -> None:
    assert codes.explain("stripe", "", message)["reason"] == reason


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "scheme,code,kind\nstripe,x,refnd\n",
            "the row that begins in line 2 has the kind refnd; did you mean refund?",
        ),
        ("scheme,code,kind\nstripe,x,zzz\n", "the row that begins in line 2 has the kind zzz; use payment, transfer, "),
        ("scheme;code\nstripe;x\n", "in its first line: it parts them by semicolons; save it with commas."),
        ("scheme\tcode\nstripe\tx\n", "in its first line: it parts them by tabs; save it with commas."),
    ],
)
def test_a_file_that_is_nearly_right_is_told_what_to_change(
    tmp_path: Path, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(text, encoding="utf-8")
    assert cli.main(["codes", "explain", str(file)]) == 1
    assert sentence in capsys.readouterr().err
