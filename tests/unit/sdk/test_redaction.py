"""Secrets are found however their names are written, and what is no secret is left alone."""

import pytest

from trackstore.redaction import REDACTED, Redaction

SECRETS = [
    "cardNumber",
    "card_number",
    "card-number",
    "CardNumber",
    "CARD_NUMBER",
    "cardnumber",
    "creditCardNumber",
    "credit_card",
    "openaiApiKey",
    "OPENAI_API_KEY",
    "openai-api-key",
    "X-Api-Key",
    "x_api_key",
    "apiKey",
    "APIKey",
    "apikey",
    "api.key",
    "apiKey2",
    "user[password]",
    "newPassword",
    "passwordConfirmation",
    "dbPwd",
    "pwd",
    "awsSecretAccessKey",
    "clientSecret",
    "client_secret",
    "secretKey",
    "AccessToken",
    "refresh_token",
    "idToken",
    "csrfToken",
    "token",
    "accessTokens",
    "Authorization",
    "proxyAuthorization",
    "Set-Cookie",
    "cookie",
    "sessionCookie",
    "privateKey",
    "signing_key",
    "cvv",
    "cvc",
    "cvv2",
    "cardCvc",
    "iban",
    "customerIban",
    "ssn",
    "userSsn",
    "pin",
    "otp",
    "apiKeys",
]
PLAIN = [
    "tokens",
    "tokens_used",
    "tokensUsed",
    "tokenCount",
    "token_type",
    "max_tokens",
    "keyboard",
    "monkey",
    "authorName",
    "author",
    "secretary",
    "key",
    "keys",
    "name",
    "cards",
    "shopping_card",
    "spinner",
    "session_id",
    "sessionId",
    "pinned",
    "option",
    "opinion",
    "apiVersion",
    "api_key_id",
    "description",
    "classification",
    "recipient",
    "passenger",
    "compass",
    "bypass",
    "tokenizer",
]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found_however_it_is_written(name: str) -> None:
    redaction = Redaction()
    assert redaction.of_body({name: "s3cret"}) == {name: REDACTED}
    assert redaction.of_body([{"deep": [{name: ["s3cret"]}]}]) == [{"deep": [{name: REDACTED}]}]
    assert redaction.of_query(f"{name}=s3cret&page=2") == {name: REDACTED, "page": "2"}
    text = f"see https://shop.example.com/pay?page=2&{name}=s3cret#top"
    assert "s3cret" not in str(redaction.of_body({"link": text}))
    assert "page=2" in str(redaction.of_body({"link": text}))


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_no_secret_is_kept(name: str) -> None:
    redaction = Redaction()
    assert redaction.of_body({name: "kept"}) == {name: "kept"}
    assert redaction.of_query(f"{name}=kept") == {name: "kept"}
    link = f"https://shop.example.com/pay?{name}=kept"
    assert redaction.of_body({"link": link}) == {"link": link}


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "X-Api-Key", "x-goog-api-key", "apikey", "Cookie", "Set-Cookie", "X-Auth-Token",
        "X-Amz-Security-Token", "Proxy-Authorization", "X-Client-Secret", "X-CSRFToken",
    ],
)  # fmt: skip
def test_secret_headers(name: str) -> None:
    assert Redaction().of_headers({name: "s3cret", "Accept": "a"}) == {
        name: REDACTED,
        "Accept": "a",
    }


def test_urls_in_headers_and_passwords_in_urls() -> None:
    headers = Redaction().of_headers({"Referer": "https://a.example.com/?access_token=s3cret&b=1"})
    assert headers == {"Referer": f"https://a.example.com/?access_token={REDACTED}&b=1"}
    body = {"dsn": "postgresql://writer:s3cret@db.example.com/store", "at": "10:30@noon"}
    expected = {"dsn": f"postgresql://writer:{REDACTED}@db.example.com/store", "at": "10:30@noon"}
    assert Redaction().of_body(body) == expected


def test_own_names_match_in_every_spelling() -> None:
    redaction = Redaction(fields=("studentName", "grade[_-]level", "*_note"))
    body = {
        "student_name": 1,
        "student-name": 2,
        "STUDENT_NAME": 3,
        "grade-level": 4,
        "teacherNote": 5,
    }
    assert redaction.of_body(body) == dict.fromkeys(body, REDACTED)
    assert redaction.of_body({"name": 1, "noted": 2}) == {"name": 1, "noted": 2}
