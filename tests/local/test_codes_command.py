"""`./hotline codes explain`: what a file of decline codes means, row by row."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hotline.kit.languages import LANGUAGES
from hotline_local import cli
from hotline_local.commands.codes import KINDS

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
