"""The terms of a receipt, once: for the file that is mailed and the page that is printed."""

from collections.abc import Mapping
from typing import Final

from contract_rules import Language, complete


def _words(*, ja: str, en: str) -> Mapping[Language, str]:
    return complete("_words", Language, {Language.JA: ja, Language.EN: en})


TERMS: Final[Mapping[str, Mapping[Language, str]]] = {
    "number": _words(ja="受付番号", en="Receipt number"),
    "acceptedAt": _words(ja="受付日時", en="Accepted at"),
    "company": _words(ja="会社名", en="Company"),
    "serviceEnd": _words(ja="サービスのご利用", en="Use of the service"),
    "resumption": _words(ja="利用再開の受付", en="Resuming"),
    "erasure": _words(ja="登録情報の保管", en="Registered information"),
}
