import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tests.notify.samples import DATE, a_mail

from contract_notify import FolderDelivery, TemporaryFailure, delivery_from_url
from contract_notify.delivery.folder import file_name


def mails_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def filemode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


async def test_mail_is_one_file_that_holds_it_byte_for_byte(tmp_path: Path) -> None:
    mail = a_mail()

    await FolderDelivery(tmp_path).send(mail)

    assert mails_in(tmp_path) == {file_name(mail): mail.as_bytes()}


async def test_folder_is_made_with_the_first_mail(tmp_path: Path) -> None:
    await FolderDelivery(tmp_path / "deep" / "below").send(a_mail())

    assert len(mails_in(tmp_path / "deep" / "below")) == 1


def test_name_begins_with_the_instant_in_utc_and_goes_on_with_the_message_id() -> None:
    assert file_name(a_mail(message_id="<1.termination@example.jp>")) == (
        "20240301T010000Z-1.termination_example.jp-49b9230e.eml"
    )


async def test_names_sort_by_time(tmp_path: Path) -> None:
    delivery = FolderDelivery(tmp_path)
    late, early, middle = (
        a_mail(date=DATE + timedelta(hours=hours), message_id=f"<{hours}@example.jp>") for hours in (700, 1, 30)
    )

    for mail in (late, early, middle):
        await delivery.send(mail)

    assert list(mails_in(tmp_path).values()) == [mail.as_bytes() for mail in (early, middle, late)]


async def test_mail_that_is_sent_again_overwrites_itself(tmp_path: Path) -> None:
    delivery = FolderDelivery(tmp_path)

    await asyncio.gather(*(delivery.send(a_mail()) for _ in range(5)))

    assert mails_in(tmp_path) == {file_name(a_mail()): a_mail().as_bytes()}


@pytest.mark.parametrize(
    "message_id",
    ["<../../etc/passwd@example.jp>", f"<{'a' * 300}@example.jp>", "<.hidden@example.jp>", "<a/b|c*d?e@example.jp>"],
)
def test_name_is_one_short_name_whatever_the_message_id(message_id: str) -> None:
    name = file_name(a_mail(message_id=message_id))

    assert Path(name).name == name
    assert len(name) < 150
    assert name.startswith("20240301T010000Z-")


def test_two_message_ids_that_look_alike_in_a_name_keep_two_names() -> None:
    assert file_name(a_mail(message_id="<a/b@example.jp>")) != file_name(a_mail(message_id="<a|b@example.jp>"))


async def test_only_the_owner_reads_the_mails(tmp_path: Path) -> None:
    mail = a_mail()

    await FolderDelivery(tmp_path).send(mail)

    assert filemode(tmp_path / file_name(mail)) == "-rw-------"


async def test_mail_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    mail = a_mail()
    (tmp_path / file_name(mail)).mkdir()

    with pytest.raises(TemporaryFailure, match=r"^the mail folder cannot be written \(EISDIR\)$") as failed:
        await FolderDelivery(tmp_path).send(mail)

    assert mails_in(tmp_path) == {}
    assert failed.value.__context__ is None


async def test_folder_that_is_none_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(TemporaryFailure, match=r"EEXIST|ENOTDIR"):
        await FolderDelivery(tmp_path / "file").send(a_mail())


@pytest.mark.parametrize("missing", ["Date", "Message-ID"])
async def test_mail_without_a_name_of_its_own_is_refused(tmp_path: Path, missing: str) -> None:
    mail = a_mail()
    del mail[missing]

    with pytest.raises(ValueError, match="Date or Message-ID"):
        await FolderDelivery(tmp_path).send(mail)


async def test_delivery_by_url_writes_into_the_folder_of_the_url(tmp_path: Path) -> None:
    folder = tmp_path / "メール と 空白"
    delivery = delivery_from_url(folder.as_uri())

    await delivery.send(a_mail())
    await delivery.close()

    assert len(mails_in(folder)) == 1
