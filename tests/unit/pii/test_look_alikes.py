"""What looks like personal data and is none: our own shapes must pass without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

DETECTOR = Detector(load_rules())

LOOK_ALIKES = {
    "email": [
        "git@github.com:org/repo.git",
        "ssh://git@github.com/org/repo.git",
        "uses: actions/checkout@v4",
        "npm i left-pad@1.2.3 @scope/pkg@2.0.0-rc.1",
        "pulled registry.example.com/app@sha256:" + "ab" * 32,
        "started getty@tty1.service",
        "wrote assets/logo@2x.png",
        "@dataclass on line 4",
        "email: sent",
        "price 5 @ 3.20 each",
    ],
    "phone": [
        "at 2026-11-24T12:00:00.123Z",
        "at 2026-11-24 12:00:00,123 +0200",
        "081109 203615 148 INFO dfs.DataNode",
        "took 1764000000123 ms",
        "range 100-200-3000",
        "version 2025.11.24",
        "build 20261124.123456",
        "lines +12,-345",
        "size 67108864 of 4294967296",
        "00 01 02 03 04 05 06 07",
        "pid=20553 uid=0 euid=0",
        "0x00ff 0755 0644",
        "ratio 0.5 0.25 0.125",
        "chunk 000000000123",
        "phone call skipped",
    ],
    "name": [
        "approved by Release Gate",
        "assigned to Worker 5",
        "requested by policy-engine",
        "Build Pipeline finished",
        "Update Author Field",
        "/home/runner/work/repo/repo/src/app.py",
        "/home/node/app/index.js",
        "GET /home/dashboard HTTP/1.1",
        "/usr/lib/python3/dist-packages",
        "March Release and May Update",
        "Docker Compose started Grafana Agent",
        "Merge Request by bot",
        "author: unknown",
        "gate: Anchor Approval",
    ],
    "token": [
        "commit 0123456789abcdef0123456789abcdef01234567",
        "digest sha256:" + "0123456789abcdef" * 4,
        "integrity sha512-" + "Ab0/" * 21 + "Q==",
        "password: incorrect",
        "connect(password=password, user=user)",
        "password=SecretStr('**********')",
        "Failed password for root from 10.0.0.1 port 22",
        "token expired",
        "tokens: 18234",
        "tokens=18234 tokens_total=90",
        "secret: ${VAULT_SECRET}",
        "api_key=<redacted>",
        "Authorization: Bearer ***",
        "bearer authentication required",
        "req-addc1839-2ed5-4778-b57e-5854eb7b8b09",
        "etag W/0123456789abcdef",
        "trace 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        "https://example.com:8080/a@b",
        "sk-learn and sk_buff",
        "session opened for user root by (uid=0)",
        "cookie: missing",
    ],
    "national_id": [
        "blk_-6952295868487656571 blk_38865049064139660",
        "2026-11-24",
        "4111 1111 1111 1112",
        "run 44111111-1111-4111-8111-111111111111",
        "span 4111111111111111abcdef",
        "offset 123456789",
        "order 000-12-3456",
        "AB12CDEF34567890",
        "passport.js v0.7.0",
        "epoch_ns 1764000000123456789",
    ],
    "ip": [
        "listen on 10.0.0.1:8080 and 192.168.1.1",
        "dest: /10.250.19.102:54106",
        "loopback 127.0.0.1 and ::1",
        "link-local 169.254.10.1 and fe80::1",
        "allow 172.16.0.0/12 and fd00:1234::/32",
        "version 1.2.3.4",
        "v5.4.3.2 released",
        "pkg==4.3.2.1 and other@4.3.2.1",
        "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36",
        "std::vector and Foo::Bar",
        "at 12:00:00 and 2026:11:24 12:00:00",
        "mac 00:1a:2b:3c:4d:5e",
        "image:1.2.3",
    ],
}

LOG_LINES = [
    (
        "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block "
        "blk_-6952295868487656571 terminating"
    ),
    (
        "081110 104735 12785 INFO dfs.DataNode$DataXceiver: Receiving block "
        "blk_38865049064139660 src: /10.251.37.240:35757 dest: /10.251.37.240:50010"
    ),
    (
        "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:14:36.508 25746 INFO "
        "nova.wsgi.server [req-c632929d-1bf8-43a4-afb7-0f32e2d3cdf3 "
        "113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] "
        '10.11.10.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail HTTP/1.1" '
        "status: 200 len: 1893 time: 0.2570438"
    ),
    "[Sun Dec 04 20:32:37 2005] [notice] jk2_init() Found child 1998 in scoreboard slot 9",
    "Jun  9 06:06:20 combo kernel:  BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)",
    "Jun  9 06:06:20 combo kernel: PCI: Using IRQ router PIIX/ICH [8086/7110] at 00:07.0",
    "Dec 10 10:13:59 host sshd[24833]: input_userauth_request: invalid user admin [preauth]",
    (
        "Jul 27 14:41:58 host sshd(pam_unix)[26188]: authentication failure; logname= uid=0 "
        "euid=0 tty=NODEVssh ruser= rhost=  user=root"
    ),
]

CONTRACT_FIELDS = [
    "attempt", "branch", "branch_name", "code", "column", "commit", "correlation_id", "data",
    "dataschema", "description", "docs_branch", "duration_ms", "error_code", "event", "excerpt",
    "fingerprint", "gate", "help", "id", "instance", "level", "line", "logger", "message",
    "milestone_id", "name", "path", "pointer", "pr_number", "progress", "project_id", "reason",
    "repo_url", "retry_after", "rule", "run_id", "severity", "source", "span_id", "specversion",
    "status", "step", "subject", "time", "timestamp", "title", "tokens_total", "tokens_used",
    "token_count", "tool", "trace_id", "type", "version", "cost_usd", "class", "category",
]  # fmt: skip


def _found(text: str, name: str = "") -> list[str]:
    return [match.rule.id for match in DETECTOR.find(text, name=name)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=f"{name}-{number}")
        for name, texts in LOOK_ALIKES.items()
        for number, text in enumerate(texts)
    ],
)
def test_a_look_alike_is_no_finding(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("line", LOG_LINES, ids=range(len(LOG_LINES)))
def test_a_line_of_an_infrastructure_log_is_no_finding(line: str) -> None:
    assert _found(line) == []


def test_a_failed_login_reports_the_address_it_came_from() -> None:
    line = "Dec 10 11:04:32 host sshd[25523]: Failed password for root from 8.8.8.8 port 34100 ssh2"

    assert _found(line) == ["pii/ip-v4"]


@pytest.mark.parametrize("name", CONTRACT_FIELDS)
def test_a_field_of_the_contract_is_never_taken_for_a_personal_one(name: str) -> None:
    assert DETECTOR.named(name) == ()
    assert _found("a1b2c3 Example", name) == []


def _properties(node: object) -> Iterable[str]:
    if isinstance(node, dict):
        properties = node.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for below in node.values():
            yield from _properties(below)
    elif isinstance(node, list):
        for below in node:
            yield from _properties(below)


def test_no_property_of_our_schemas_bears_a_personal_name() -> None:
    folder = Path(__file__).parents[3] / "_schemas"
    names = {
        name
        for file in folder.glob("*.schema.json")
        for name in _properties(json.loads(file.read_text("utf-8")))
    }

    assert names
    assert {name for name in names if DETECTOR.named(name)} == set()


@settings(max_examples=150, deadline=None)
@given(
    run=st.uuids(version=4),
    commit=st.binary(min_size=20, max_size=20),
    epoch_ms=st.integers(1_600_000_000_000, 1_900_000_000_000),
    template=st.sampled_from(
        [
            "{run} cloned {commit} in {ms} ms",
            "run={run} commit={commit} at={ms}",
            "[req-{run}] GET /v2/{commit}/servers status: 200 time: {ms}",
            "{ms} INFO step done run_id: {run}, sha {commit}.",
        ]
    ),
)
def test_random_identifiers_hashes_and_times_are_no_finding(
    run: UUID, commit: bytes, epoch_ms: int, template: str
) -> None:
    line = template.format(run=run, commit=commit.hex(), ms=epoch_ms)

    assert _found(line) == []
    assert DETECTOR.candidates(line.encode()) == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("user_email", "alice@example.com", "pii/email"),
        ("operator_name", "Alice Smith", "pii/name-field"),
        ("api_token", "ghp_1234567890", "pii/token-field"),
    ],
)
def test_the_forbidden_example_of_the_specification_is_found(
    name: str, value: str, rule: str
) -> None:
    assert _found(value, name) == [rule]
