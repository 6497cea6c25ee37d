"""One term for each idea, in every text that people read: pages, scripts, mails, explanations, API, commands."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import contract_notify
import contract_rules
import contract_server
from contract_server import console
from contract_server.graphql.operations import registrations

CONSOLE = Path(console.__file__).parent
PACKAGES = [Path(str(package.__file__)).parent for package in (contract_notify, contract_rules, contract_server)]
BUNDLE = Path("static") / "playground"  # built, of the libraries of others
TEXTS = sorted(
    path
    for package in PACKAGES
    for kind in ("html", "js", "j2", "py")
    for path in package.rglob(f"*.{kind}")
    if not path.parent.match(str(BUNDLE))
)
COMMENT = re.compile(r'^\s*(//|/?\*\*?|#|""").*$', re.MULTILINE)

OTHER_TERMS = {
    "運用担当者": r"運用者|運営|オペレータ|管理者|\badministrators?\b",
    "契約者様": r"ご契約者|契約者さま|契約者さん|お客様|お客さま|契約者(?!様|名|メールアドレス)",
    "押して": r"クリック|タップ",
    "抹消": r"削除|消去",
}


@cache
def text_of(path: Path) -> str:
    """What people can read of the file; of a module, its Japanese literals and the English ones beside them."""
    text = path.read_text("utf-8")
    return "\n".join(literals(text)) if path.suffix == ".py" else COMMENT.sub("", text)


def literals(code: str) -> Iterator[str]:
    """The texts of a module. A sentence with a full stop is English, and may name a Japanese term to explain it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.endswith("."):
            yield node.value
        if isinstance(node, ast.keyword) and node.arg == "en" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def test_every_kind_of_text_is_looked_at() -> None:
    assert {path.suffix for path in TEXTS} == {".html", ".js", ".j2", ".py"}
    assert "運用担当者" in text_of(Path(registrations.__file__))


@pytest.mark.parametrize("term", OTHER_TERMS)
def test_there_is_one_term_for(term: str) -> None:
    found = [f"{path.name}: {match[0]}" for path in TEXTS for match in re.finditer(OTHER_TERMS[term], text_of(path))]
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
