from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.mail.models import OutboxMail
from contract_server.services import Services


async def test_a_new_password_ends_the_sessions_and_links_of_its_account_alone_and_is_told_by_mail(
    services: Services,
) -> None:
    account = await Account.get(email="active@example.jp")
    other = await Account.get(email="grace@example.jp")
    for owner in (account, other):
        await services.sessions.open(owner)
        await services.password_resets.request(owner.email, client_address="203.0.113.1")
    try:
        await services.password_changes.replace(account, "another hash")
        assert (await Account.get(id=account.id)).password_hash == "another hash"
    finally:
        await account.save()
    assert await Session.all().values_list("account_id", flat=True) == [other.id]
    assert await PasswordResetToken.all().values_list("account_id", flat=True) == [other.id]
    mail = await OutboxMail.get(kind="password_changed")
    assert (mail.recipient, mail.contract_id) == (account.email, account.contract_id)
