import email
import email.policy
from pathlib import Path

import pytest

from contract_notify import CONTACT_URL, KINDS, render
from contract_notify.cli import main


def test_preview_writes_every_mail_for_programs_and_for_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "made" / "on the way"

    assert main(["preview", "--to", str(folder)]) == 0

    written = sorted(path.name for path in folder.iterdir())
    assert written == sorted(f"{kind}.{suffix}" for kind in KINDS for suffix in ("eml", "txt"))
    assert capsys.readouterr().out.splitlines() == [str(folder / name) for name in written]


@pytest.mark.parametrize("kind", KINDS)
def test_preview_shows_what_a_customer_would_read(tmp_path: Path, kind: str) -> None:
    rendered = render(KINDS[kind].sample())

    main(["preview", "--to", str(tmp_path)])

    mail = email.message_from_bytes((tmp_path / f"{kind}.eml").read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == rendered.subject
    assert mail.get_content().replace("\r\n", "\n") == rendered.body
    text = (tmp_path / f"{kind}.txt").read_text(encoding="utf-8")
    assert text == f"件名：{rendered.subject}\n\n{rendered.body}"


def test_preview_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    def files_of(folder: Path) -> dict[str, bytes]:
        main(["preview", "--to", str(folder)])
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert files_of(tmp_path / "before") == files_of(tmp_path / "after")


def test_preview_shows_the_contact_page_that_is_asked_for(tmp_path: Path) -> None:
    main(["preview", "--to", str(tmp_path), "--contact-url", "https://example.jp/contact"])

    for path in tmp_path.glob("*.txt"):
        assert "https://example.jp/contact" in path.read_text(encoding="utf-8").splitlines()
        assert CONTACT_URL not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--contact-url", "https://example.jp/\n"], "contract-notify: contact_url: control characters"),
        ([], "contract-notify: [Errno"),
    ],
)
def test_preview_that_cannot_be_written_says_why_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path if arguments else tmp_path / "file"

    assert main(["preview", "--to", str(folder), *arguments]) == 1

    told = capsys.readouterr().err
    assert told.startswith(complaint)
    assert told.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["preview"], ["praise"], ["preview", "--to"]])
def test_command_that_is_not_understood_ends_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage: contract-notify" in capsys.readouterr().err
