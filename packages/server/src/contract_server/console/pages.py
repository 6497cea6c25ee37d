"""The pages by address: each is a frame, a piece of HTML, and a JavaScript module that fills it from the API."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from contract_server.settings import Settings

_PIECES = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the console, before its module calls the API."""

    path: str
    name: str
    title: str
    title_in_english: str

    def render(self, settings: Settings, notice: str = "") -> str:
        """Render the page for this environment. It is the same for all visitors, so it contains no personal data."""
        contact_url = escape(settings.contact_url)
        piece = Template(_read(f"{self.name}.html")).substitute(contact_url=contact_url)
        return Template(_read("frame.html")).substitute(
            name=self.name,
            title=escape(self.title),
            title_in_english=escape(self.title_in_english),
            clock=_read("clock.html") if settings.development else "",
            piece=piece,
            notice=notice,
            contact_url=contact_url,
        )

    def render_early(self, settings: Settings) -> str:
        """Render the page for a visitor who sent its form before its script could: nothing was accepted."""
        return self.render(settings, _read("early.html"))


PAGES = (
    Page("/", "login", "ログイン", "Log in"),
    Page("/login", "login", "契約管理 ログイン", "Contract management log-in"),
    Page("/home", "home", "ホーム", "Home"),
    Page("/terminate", "terminate", "契約終了確認", "Confirm termination"),
    Page("/done", "done", "お手続き完了", "Completed"),
    Page("/password", "password", "パスワードの再設定", "Reset your password"),
    Page("/password/new", "new-password", "新しいパスワードの設定", "Set a new password"),
    Page("/second-factor", "second-factor", "二段階認証", "Second factor"),
    Page("/second-factor/new", "new-passkey", "パスキーの登録", "Register a passkey"),
    Page("/address", "address", "メールアドレスの確認", "Confirm an email address"),
    Page("/account", "account", "アカウント", "Your account"),
    Page("/receipt", "receipt", "受付番号の照会・抹消証明", "Receipt and certificate of erasure"),
    Page("/operator", "operator", "契約一覧", "Contracts"),
    Page("/operator/contracts/{id}", "operator-contract", "契約の詳細", "Contract"),
    Page("/operator/erasures", "operator-erasures", "抹消予定", "Erasures"),
    Page("/operator/health", "operator-health", "稼働状況", "Health"),
    Page("/operator/audit", "operator-audit", "操作履歴", "Audit trail"),
)

NOT_FOUND = Page("", "not-found", "ページが見つかりません", "Page not found")


def _read(name: str) -> str:
    return (_PIECES / name).read_text("utf-8")
