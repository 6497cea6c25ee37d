"""One term for each idea, in every text that people read: pages, scripts, mails, explanations."""

import re
from pathlib import Path

import pytest

import contract_notify
import contract_rules.japanese
from contract_server import console

CONSOLE = Path(console.__file__).parent
TEXTS = sorted(
    [
        *CONSOLE.rglob("*.html"),
        *CONSOLE.rglob("*.js"),
        *Path(contract_notify.__file__).parent.rglob("*.j2"),
        Path(contract_rules.japanese.__file__),
    ]
)
COMMENT = re.compile(r'^\s*(//|/?\*\*?|#|""").*$', re.MULTILINE)

OTHER_TERMS = {
    "運用担当者": r"運用者|運営|オペレータ|管理者",
    "契約者様": r"ご契約者|契約者さま|契約者さん|お客様|お客さま|契約者(?!様|名|メールアドレス)",
    "押して": r"クリック|タップ",
    "抹消": r"削除|消去",
}


def test_every_kind_of_text_is_looked_at() -> None:
    assert {path.suffix for path in TEXTS} == {".html", ".js", ".j2", ".py"}


@pytest.mark.parametrize("term", OTHER_TERMS)
def test_there_is_one_term_for(term: str) -> None:
    found = [
        f"{path.name}: {match[0]}"
        for path in TEXTS
        for match in re.finditer(OTHER_TERMS[term], COMMENT.sub("", path.read_text("utf-8")))
    ]
    assert found == []


def test_the_log_in_page_says_that_an_erased_contract_cannot_log_in() -> None:
    text = (CONSOLE / "pages" / "login.html").read_text("utf-8")
    assert "登録情報の抹消後は、ログインいただけません。" in text
    assert "you cannot log in any more" in text


@pytest.mark.parametrize(
    "sentence",
    [
        "前回のお手続きが受け付けられたか、確認できませんでした。",
        "廃業・解散のため",
        "料金面の理由",
        "誤って契約した",
        "すでに${ACTIONS[action]}のお手続きが完了しています。",
        "をもって${over}",
        "終了し、抹消いたしました",
    ],
)
def test_a_page_says(sentence: str) -> None:
    assert any(sentence in path.read_text("utf-8") for path in TEXTS)
