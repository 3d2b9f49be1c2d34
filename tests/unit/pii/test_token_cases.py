"""Credentials as people and machines write them, and all that only speaks of credentials.

Values of chance are drawn anew in each run of the tests from a fixed seed, so that none stands in
this file. What a line is about is its family: a family is found whole, or passes whole.
"""

from __future__ import annotations

import json
import string
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.pii.detector import Detector
from quantapilot.pii.likeness import random_like, unlike_words, wordy
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = load_rules()
DETECTOR = Detector(RULES)
LETTERS = string.ascii_letters + string.digits
SMALL = string.ascii_lowercase + string.digits
_RNG = Random(20250819)


def r(size: int, alphabet: str = LETTERS) -> str:
    return "".join(_RNG.choices(alphabet, k=size))


def h(size: int) -> str:
    return r(size, "0123456789abcdef")


FOUND: dict[str, list[str]] = {
    "password after its name": [
        "login failed for ci with password=hunter2", "password: hunter2", "passwd: S3cr3t!",
        "db password is Tr0ub4dor&3", "set password to Winter2024!", "pwd=letmein",
        "user=admin pass=admin123", "Password: swordfish", 'password = "qwerty"',
        "password changed from hunter2 to hunter3", "logged in using password 'sunshine'",
        "ssh password for root@10.0.0.1: toor", "password for deploy is Spring2025",
        "retry with passphrase 'correct horse battery'", "password=P@$$w0rd",
    ],
    "password in a field": [
        '{"password": "hunter2"}', '{"db_password": "letmein"}', '{"password": 123456}',
        '{"password": "correct horse battery staple"}', '{"user": {"pwd": "P@ssw0rd"}}',
        '{"passphrase": "purple monkey dishwasher"}', '{"dbpassword": "sunrise"}',
    ],
    "password in another language": [
        "mot de passe : azerty123", "пароль: qwerty123", "Passwort: Sommer2024!",
        "contraseña: Verano2024", "senha=abc12345", "пароль для ci: Zima2025!",
    ],
    "token in a field": [
        '{"api_token": "ghp_1234567890"}', '{"api_key": "abc123def456"}',
        '{"client_secret": "s3cr3t-value-9"}', '{"secret": "topsecret"}',
        f'{{"sessionToken": "{r(32)}"}}', f'{{"tokens": ["{r(24)}"]}}',
        '{"session_id": "550e8400-e29b-41d4-a716-446655440000"}', f'{{"csrf": "{r(32)}"}}',
        f'{{"headers": {{"X-Api-Key": "{r(32)}"}}}}', '{"auth": "dXNlcjpodW50ZXIy"}',
        f'{{"headers": {{"authorization": "token {h(40)}"}}}}',
        f'{{"headers": {{"cookie": "theme=dark; sessionid={r(32)}"}}}}',
    ],
    "token after its name": [
        f"API_TOKEN={r(32)}", "token=abc123", "secret=s3cr3t", "api_key=test-key-12345",
        "apiKey: 12345-abcde-67890", "auth_token=deadbeefcafe1234", f"refresh_token: {r(64)}",
        f"client secret is {r(32)}", f"encryption_key: {h(64)}",
        f"worker: secret_key_base = {h(96)}",
        "license key ABCDE-12345-FGHIJ-67890", "recovery code: 8f3k-92mq",
        "credentials: ci:hunter2", f"config={{'api_key': '{r(32)}'}}",
        'payload: {\\"token\\":\\"' + r(20) + '\\"}', f"//npm.example.com/:_authToken={h(36)}",
    ],
    "token told in a sentence": [
        f"token {h(40)} expired", f"using token {r(34)}9x for clone", f"secret {h(32)} leaked",
        f"authenticated with api key {h(32)}", f"signing key {h(64)}",
        f"session id {h(32)} created",
        f"password reset token {h(24)}", f"session token {h(32)} revoked",
    ],
    "header": [
        f"Authorization: Bearer {r(40)}", "Authorization: Bearer abc123", f"bearer {r(40)}",
        "retrying with Authorization: Basic dXNlcjpodW50ZXIy", f"authorization=Bearer {h(32)}",
        "Proxy-Authorization: Basic dXNlcjpodW50ZXIy", f"X-Api-Key: {r(32)}",
        f"PRIVATE-TOKEN: {r(20)}", f"x-auth-token: {h(32)}", f"Authorization: Token {h(40)}",
    ],
    "cookie": [
        f"Set-Cookie: session={r(32)}; Path=/; HttpOnly", f"PHPSESSID={r(26, SMALL)}",
        f"Cookie: JSESSIONID={h(32).upper()}", f"XSRF-TOKEN={r(40)}", f"sid={r(24)}",
        f"cookie connect.sid=s%3A{r(32)}.{r(43)}", f"ASP.NET_SessionId={r(24, SMALL)}",
    ],
    "address": [
        "postgres://app:s3cr3t@db.internal:5432/qp", "redis://:p4ss@cache:6379/0",
        "mongodb+srv://root:hunter2@cluster0.example.net/x", "amqp://guest:guest@mq:5672",
        "jdbc:postgresql://db/app?user=qp&password=hunter2", f"https://{h(40)}@github.com/org/x",
        f"https://x-access-token:{r(40)}@github.com/o/r",
        f"https://oauth2:{r(20)}@gitlab.example/x",
        f"GET /api/run?token={r(24)}", f"/reset?token={h(20)}", f"/cb?code={r(30)}&state=1",
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={h(64)}", f"/x?session={r(32)}",
        f"https://qp.blob.core.windows.net/c/f?sv=2022-11-02&sig={r(43)}%3D",
    ],
    "connection string": [
        "Server=tcp:db,1433;Database=qp;User ID=sa;Password=Pa55w0rd!;",
        "Data Source=db;Initial Catalog=qp;User Id=app;Pwd=hunter2",
        f"DefaultEndpointsProtocol=https;AccountName=qp;AccountKey={r(86)}==",
    ],
    "command line": [
        "mysql -u root -pS3cret! app", "curl -u admin:hunter2 https://x", f"qp run --token {r(32)}",
        f"docker login -u ci -p {r(20)} ghcr.io", "qp run --password hunter2",
        "sshpass -p hunter2 ssh host", "redis-cli -a S3cretPw ping", "PGPASSWORD=hunter2 psql",
        f"tool --api-key={r(20)}", "kubectl create secret x --from-literal=password=hunter2",
        "helm --set auth.password=hunter2",
    ],
    "file": [
        "machine api.example login ci password hunter2", f"ci:$apr1${r(8)}${r(22)}",
        f"hash $2b$12${r(53)}", f"-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA{r(40)}\\n",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA{r(60)}",
        f"-----BEGIN PRIVATE KEY-----{r(30)}...", "<password>hunter2</password>",
        "otpauth://totp/x:ci?secret=" + r(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ],
    "one-time code": [
        "OTP 482913 sent", "your verification code is 482913", "2FA code: 482913", "pin: 4821",
        "one-time password 004512", "authentication code 482913", '{"otp": "482913"}',
    ],
    "mark of an issuer, in any length and place": [
        "ghp_" + "abcd1234" * 4, "ghp_" + "a" * 36, "ghp_" + r(20), "AKIA" + "A" * 16,
        "fix-ghp_" + r(36), "TOKEN_ghp_" + r(36), f"/tmp/npm_{r(36)}/x", "sk-proj-" + h(20),
        "sk-ant-api03-" + h(24), "xoxb-12345-67890-abcdefghij", f"bot123456789:AA{h(33)}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "AKIAIOSFODNN7EXAMPLE",
    ],
}  # fmt: skip

PASSED: dict[str, list[str]] = {
    "sentence about passwords": [
        'password authentication failed for user "postgres"', "password must be 12 characters",
        "password: must contain a digit", "password expired 3 days ago", "passwords do not match",
        "Failed password for root from 10.0.0.1 port 22 ssh2", "password: incorrect",
        "password=changed", "password: rotated 2025-11-24", "password policy: min 12",
        "password for ci: incorrect", "wrong password: 3 attempts left", "password is too short",
        'password "ci-registry" rotated', "password is 12 characters long", "password age: 93 days",
        "Enter passphrase for key '/home/x/.ssh/id_ed25519':", "password hash algorithm: argon2id",
        "пароль: неверный", "mot de passe incorrect", "Passwort erforderlich",
    ],
    "sentence about tokens": [
        "token bucket refilled: 100 tokens", "invalid token at position 5", "token expired",
        "Bearer token required", "api key rotated", "secret scanning enabled", "token: expired",
        "token valid until 2025-11-24T10:00:00Z", "csrf token mismatch", "CSRF token: missing",
        "jwt: malformed", "secret version 3 active", "secret ci/deploy-key rotated",
        "credentials missing for registry", "access key age 90 days", "session started",
        "session timeout=30m", "cookie banner dismissed", "api key for openai: configured",
        "token ending in 9f3a", "key prefix sk-proj-ab", "webhook secret: configured",
        "the token is valid", "refresh token reuse detected", "token type: bearer",
    ],
    "count of tokens": [
        "tokens: 43429 in, 120 out", "max_tokens: 4096", "token_budget: 200000", "tokens=12k",
        "tokens_in=43429 tokens_out=120", "token usage: 43,429 of 200,000", "tokens used: 43k",
        "prompt tokens: 1200, completion tokens: 300", "cost per token: 0.000002", "token: 5",
        '{"tokens": 43429}', '{"tokens": {"in": 43429, "out": 120}}', '{"max_tokens": "4096"}',
        "total_tokens: 123456789", "tokens/s=120", "tokens: 43429/100000",
    ],
    "token of a parser or a list": [
        "unexpected token '}' in JSON at position 12", "Unexpected token: punc (})",
        "unexpected token: abc123", "token: identifier", "next page token: CAUQAA",
        f"next_token={r(40)}", f"continuation token {h(32)}", "fencing token 42",
        f'{{"next_page_token": "{r(40)}"}}', "eos_token=</s>", "syntax error near token fi2",
    ],
    "placeholder or variable": [
        "password: ${DB_PASSWORD}", "password=$DB_PASSWORD", "token: {{ secrets.TOKEN }}",
        "token=%TOKEN%", "token: <your-token>", "password: ***", "password=[REDACTED]",
        "api_key=xxxxxxxx", "ghp_" + "x" * 36, "sk-...", "AKIA" + "X" * 16, "sk-proj-…",
        "Authorization: Bearer <token>", "Authorization: Bearer ***", "ghp_your_token_here",
        "token = os.environ['TOKEN']", "password: process.env.DB_PASSWORD", "token=$(cat token)",
        "password: !vault |", "token: !Ref Token", "password: @password@", "password = ?",
        "WHERE password = :pw", '{"token": "GITHUB_TOKEN"}', '{"api_key": "env:OPENAI_API_KEY"}',
        '{"token": "***1234"}', '{"api_key": "sk-...abcd"}', "https://x:${TOKEN}@github.com/o/r",
        "https://oauth2:***@gitlab.com/o/r", "postgres://USER:PASSWORD@HOST/DB", "?token=<token>",
        "glpat-your-token-goes-here-please", "xoxb-your-slack-bot-token",
    ],
    "place where a secret is kept": [
        "secret: vault/kv/ci", "secret=projects/qp/secrets/db/versions/3", "secrets: inherit",
        "private_key_path=/etc/ssl/key.pem", "private key: /etc/ssl/private/x.key",
        '{"secret": "op://vault/ci/token"}', '{"secret": "ci-deploy-key"}', "--token-file /run/t",
        '{"secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci-AbCdEf"}',
        '{"credentials": {"httpHeaderAuth": {"id": "12", "name": "QP API token"}}}',
        "PWD=/home/runner/work", "credential helper: store", "secret_ref: vault/kv/ci",
    ],
    "value of chance without a name for it": [
        f"nonce={r(22)}", f'etag: W/"{h(32)}"', f"integrity sha512-{r(86)}==", f"commit {h(40)}",
        f"digest sha256:{h(64)}", f"trace_id={h(32)} span_id={h(16)}", f"build id {r(20)}",
        f"container {h(64)} started", f"s3 key runs/2025/11/{h(32)}.json", f"cursor={r(32)}",
        f"cache hit for key {h(64)}", f"idempotency key: {h(32)}", f"request id {r(20)}",
        f"webhook signature sha256={h(64)}", f"public key SHA256:{r(43)}", f"kid: {h(16)}",
        "run 550e8400-e29b-41d4-a716-446655440000 token refreshed", f"token_hash={h(64)}",
        "token id 550e8400-e29b-41d4-a716-446655440000 revoked", f"age1{r(58, SMALL)}",
        f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{r(34)} ci", "gpg signing key 4AEE18F83AFDEB23",
        f'WWW-Authenticate: Digest realm="x", nonce="{h(32)}"', "cache key: npm-linux-abc123",
        f"docker://alpine:3.20@sha256:{h(64)}", f"pk_test_{r(24)}",
        "/list?page=eyJpZCI6MTIzNDU2Nzg5MH0",
    ],
    "name of a file, a branch, a thing": [
        "token.py:42 error", "secrets.yaml rendered", "password-reset.tsx compiled",
        "branch feature/api-token-rotation merged", "error_code=TOKEN_EXPIRED",
        "sort_key=created_at",
        "sk-learn-pipeline-cache", "sk_buff leak", "npm_config_cache", "hf_hub_download",
        "live_migration_of_the_production_database", "re_build_index", "api_org_chart",
        "worker token-bucket-7 refilled", "test_this_function_returns_the_right_value",
        "encryption key: aes-256-gcm", '{"license_key": "bsd-3-clause"}', "auth: oauth2",
        "private_key: ed25519", "session=step-12/worker-3", "sid: S-1-5-21-1004336348-1177238915",
        "GET /api/tokens?limit=100", "POST /oauth/token 200", "tokenizer=o200k_base",
    ],
    "state in a field": [
        '{"token": "expired"}', '{"password": null}', '{"password": "[REDACTED]"}', '{"otp": true}',
        '{"secret": "rotated"}', '{"password": "must be at least 12 characters"}',
        '{"auth": "oauth2"}', '{"session": "started"}', '{"authorization": "granted"}',
        '{"cookie": "accepted"}', '{"pass": 12, "fail": 0}', '{"sid": "step-12"}',
        '{"password_changed": true}', '{"token": "v2"}',
    ],
    "cookie without a session": [
        "cookie: theme=dark", "Cookie consent: analytics=false; ads=false",
        "Set-Cookie: sid=; Path=/",
        "Cookie: _ga=GA1.2.1234567890.1234567890", "Cookie: theme=dark; tz=Europe/Berlin",
        "Set-Cookie: lang=en; Expires=Wed, 21 Oct 2025 07:28:00 GMT",
    ],
    "other address": [
        "ssh://git@git.example:22/x.git", "https://git.example:8443/x",
        "https://alice@git.example/x",
        "git@github.com:org/x.git", "postgres://db:5432/qp", "https://host:8443@",
        "/cb?error=denied",
        "?code=200", "/errors?code=REPO_CLONE_FAILED", "/list?token=next", "redis-cli -p 6379 ping",
        "docker run -p 8080:80 app", "mysql -u root -p app", "https://x.example/@scope/pkg",
    ],
    "other numbers": [
        "OTP length 6", "pin: v1.2.3", "error code 4821", "exit code 137",
        "auth code 4001 returned",
        "verification code expired", "recovery codes: 8 left", "tests pass: 12",
    ],
}  # fmt: skip


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below, name)
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)


def _tokens(line: str) -> list[str]:
    parts = list(_texts(json.loads(line))) if line.startswith("{") else [("", line)]
    found = [match for name, text in parts for match in DETECTOR.find(text, name=name)]
    return [match.rule.id for match in found if match.rule.pii_class == "token"]


def _cases(table: dict[str, list[str]]) -> list[Any]:
    return [
        pytest.param(line, id=f"{family}-{number}")
        for family, lines in table.items()
        for number, line in enumerate(lines)
    ]


@pytest.mark.parametrize("line", _cases(FOUND))
def test_a_credential_is_found(line: str) -> None:
    assert _tokens(line)


@pytest.mark.parametrize("line", _cases(FOUND))
def test_a_line_with_a_credential_is_not_proven_clean(line: str) -> None:
    raw = line if line.startswith("{") else json.dumps({"message": line}, ensure_ascii=False)

    assert DETECTOR.candidates(raw.encode()) == [0]


@pytest.mark.parametrize("line", _cases(PASSED))
def test_what_only_speaks_of_credentials_passes(line: str) -> None:
    assert _tokens(line) == []


@pytest.mark.parametrize(
    "line",
    ["tokens: 43429 in, 120 out", '{"tokens": 43429}', '{"token": 5, "step": "plan"}', "token=4096",
     '{"tokens":{"in":43429,"out":120}}', "tokens: 43,429 of 200,000", '{"tokens": [43429, 120]}'],
)  # fmt: skip
def test_a_count_of_tokens_is_not_even_looked_at(line: str) -> None:
    assert DETECTOR.candidates(line.encode()) == []


ISSUED = [
    rule
    for rule in RULES
    if rule.pii_class == "token"
    and rule.pattern is not None
    and not (rule.generic or rule.fields or rule.context)
]


def test_over_a_hundred_and_twenty_formats_are_known() -> None:
    assert len(ISSUED) >= 120


FRAMES = ["retrying with {}", "TOKEN={}", "{}, then", '"{}"', "({})", "step-1: {}!"]


@pytest.mark.parametrize(
    "rule", [rule for rule in ISSUED if not rule.match[0].startswith("{")], ids=lambda rule: rule.id
)
def test_a_format_is_found_wherever_it_stands(rule: Any) -> None:
    assert [frame for frame in FRAMES if not _tokens(frame.format(rule.match[0]))] == []


ALPHABETS = [LETTERS, SMALL, "0123456789abcdef"]
NAMES = ["api_key", "access_token", "client_secret", "SECRET_KEY", "password", "authToken"]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 1 << 32), size=st.integers(16, 64), name=st.sampled_from(NAMES))
def test_a_value_of_chance_under_a_strong_name_is_always_found(
    seed: int, size: int, name: str
) -> None:
    rng = Random(seed)
    value = "".join(rng.choices(rng.choice(ALPHABETS), k=size - 1)) + "7a"

    assert _tokens(f"{name}={value}")
    assert _tokens(json.dumps({name: value}))


@settings(max_examples=200, deadline=None)
@given(
    said=st.lists(
        st.sampled_from(
            [
                "worker",
                "plan",
                "build",
                "deploy",
                "cache",
                "release",
                "gate",
                "review",
                "branch",
                "pull",
                "request",
                "run",
                "step",
                "queue",
                "storage",
                "docs",
                "merge",
                "schema",
            ]
        ),
        min_size=1,
        max_size=4,
    ),
    sign=st.sampled_from(["-", "_", "/", "."]),
    number=st.integers(0, 99),
    name=st.sampled_from(
        ["token", "secret", "api key", "session", "auth", "credentials", "cookie"]
    ),
)
def test_words_joined_to_a_name_are_never_taken_for_a_credential(
    said: list[str], sign: str, number: int, name: str
) -> None:
    value = sign.join([*said, str(number)])

    assert _tokens(f"{name}: {value}") == []
    assert _tokens(f"{name} {value} rotated") == []


@pytest.mark.parametrize("value", ["0f9e8d7c6b5a", "a1b2c3d4e5", "xkqzvwpjhg", "aBcDeFgHiJkL"])
def test_a_value_of_chance_is_unlike_words(value: str) -> None:
    assert random_like(value)
    assert unlike_words(f"worker-{value}")


@pytest.mark.parametrize(
    "value",
    ["worker-12", "v1beta2", "sha256", "getUserName", "cl100k_base", "node20",
     "internationalization", "us-east-1a", "2025-11-24", "k8s", "README"],
)  # fmt: skip
def test_a_name_is_like_words(value: str) -> None:
    assert not unlike_words(value)
    assert wordy(value) or value == "cl100k_base"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([rule for rule in RULES if rule.pattern is None and rule.pii_class == "token"]),
    st.data(),
)
def test_a_field_that_holds_a_credential_makes_its_raw_line_a_candidate(
    rule: Any, data: st.DataObject
) -> None:
    hint = data.draw(st.sampled_from(rule.fields))
    name = data.draw(st.sampled_from(["_", "-", "", " "])).join(hint)
    value = data.draw(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=24))
    line = json.dumps({name: value}, ensure_ascii=False)
    if any(match.rule is rule for match in DETECTOR.find(value, name=name)):
        assert Detector([rule]).candidates(line.encode()) == [0]
