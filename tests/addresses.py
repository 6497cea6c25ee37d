"""Addresses, and what becomes of each everywhere: files, the API, a browser's own field and SMTP agree on them."""

from typing import NamedTuple


class Written(NamedTuple):
    """An address as a person writes it.

    Attributes:
        text: What is written.
        registered: The address that is stored and typed at log-in; None if it is refused.
        sent: As it stands in the envelope, where that differs from the registered one.
        spelling: The one that a refusal asks to write instead.
        field: What a browser's field hands over, where that differs from the registered one; None if it refuses.
    """

    text: str
    registered: str | None
    sent: str | None = None
    spelling: str | None = None
    field: str | None = ""


ADDRESSES = (
    Written("keiyaku@example.jp", "keiyaku@example.jp"),
    Written("Keiyaku@Example.JP", "keiyaku@example.jp", field="Keiyaku@Example.JP"),
    Written("o'brien_!#$%&*/?^`{|}~-+tag@sub.example.co.jp", "o'brien_!#$%&*/?^`{|}~-+tag@sub.example.co.jp"),
    # docomo and au once gave out dots anywhere
    Written("taro..yama@docomo.ne.jp", "taro..yama@docomo.ne.jp", sent='"taro..yama"@docomo.ne.jp'),
    Written(".taro@docomo.ne.jp", ".taro@docomo.ne.jp", sent='".taro"@docomo.ne.jp'),
    Written("taro.@ezweb.ne.jp", "taro.@ezweb.ne.jp", sent='"taro."@ezweb.ne.jp'),
    Written("t...a...@ezweb.ne.jp", "t...a...@ezweb.ne.jp", sent='"t...a..."@ezweb.ne.jp'),
    # domains beyond ASCII
    Written("keiyaku@例え.jp", "keiyaku@xn--r8jz45g.jp"),
    Written("keiyaku@xn--r8jz45g.jp", "keiyaku@xn--r8jz45g.jp"),
    Written("keiyaku@mail.ラーメン.jp", "keiyaku@mail.xn--4dkp5a8a.jp"),
    Written("keiyaku@ab--cd.jp", "keiyaku@ab--cd.jp"),
    # another form of ordinary characters; a browser converts the domain by itself, and refuses the rest
    Written("keiyaku@ｅｘａｍｐｌｅ.jp", None, spelling="keiyaku@example.jp", field="keiyaku@example.jp"),
    Written("keiyaku@example。jp", None, spelling="keiyaku@example.jp", field="keiyaku@example.jp"),
    Written("keiyaku@ﾗｰﾒﾝ.jp", None, spelling="keiyaku@ラーメン.jp", field="keiyaku@xn--4dkp5a8a.jp"),
    Written("ｋｅｉｙａｋｕ@example.jp", None, spelling="keiyaku@example.jp", field=None),
    Written("keiyaku＠example.jp", None, spelling="keiyaku@example.jp", field=None),
    Written("ﬁrma@example.jp", None, spelling="firma@example.jp", field=None),
    # two domains, by the version of the rule: Chromium's field has the older one
    Written("keiyaku@straße.de", None, spelling="keiyaku@xn--strae-oqa.de", field="keiyaku@strasse.de"),
    # letters beyond ASCII before the @
    Written("契約@example.jp", None, field=None),
    Written("josé@example.jp", None, field=None),
    # no address, or more than one
    Written("keiyaku", None, field=None),
    Written("@example.jp", None, field=None),
    Written("keiyaku@", None, field=None),
    Written("a@b@example.jp", None, field=None),
    Written("a@example.jp,b@example.jp", None, field=None),
    Written("a b@example.jp", None, field=None),
    Written('"a"@example.jp', None, field=None),
    Written("a@[127.0.0.1]", None, field=None),
    Written("a@example..jp", None, field=None),
    Written("a@.example.jp", None, field=None),
    Written("a@example.jp.", None, field=None),
    Written("a@-example.jp", None, field=None),
    Written("a@exam_ple.jp", None, field=None),
    Written(f"a@{'b' * 64}.jp", None, field=None),
    # a browser takes more: it knows no greatest length, no header, and more letters of domains
    Written(f"{'a' * 65}@example.jp", None, field=f"{'a' * 65}@example.jp"),
    Written("=?utf-8?q?b=40example.com?=@example.jp", None, field="=?utf-8?q?b=40example.com?=@example.jp"),
    Written("a@☕.jp", None, field="a@xn--53h.jp"),
)
REGISTERED = tuple(address for address in ADDRESSES if address.registered)
REFUSED = tuple(address for address in ADDRESSES if not address.registered)


def expected_field(address: Written) -> str | None:
    """What the field hands over."""
    return address.registered if address.field == "" else address.field
