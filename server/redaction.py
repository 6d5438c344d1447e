"""Hides passwords in text that is logged or printed."""

import re

PASSWORD = re.compile(r"(?<=://)([^\s/@:]*):\S*@")
PASSWORD_PARAMETER = re.compile(r"(password=)[^&\s]*", re.IGNORECASE)


def hide_password(text: str) -> str:
    """Replace the password of every URL in ``text``, also of a malformed URL."""
    return PASSWORD_PARAMETER.sub(r"\1***", PASSWORD.sub(r"\1:***@", text))
