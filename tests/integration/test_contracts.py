"""Another contract than ours goes through every command, by its own settings alone.

Each test runs in a copy of `examples/contracts/orders`: nothing of QuantaPilot's contract is there
but the installed package, which must not be taken for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.orders import ORDER, ORDERS, ORDERS_CONFIG, PAID
from tests.program import call

from quantapilot.contract import codegen

if TYPE_CHECKING:
    from pathlib import Path

KEPT = ("--outbox", "orders.db")
EVENT_ID = re.compile(r"evt_[0-9a-hjkmnp-tv-z]{26}")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the order service's project, which is the current folder then."""
    folder = tmp_path / "shop"
    shutil.copytree(ORDERS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("QP_")]:
        monkeypatch.delenv(name)
    return folder


def qp(*arguments: str, code: int = 0, stdin: str = "") -> tuple[str, str]:
    """Run a command and return what it says, and what it says of errors."""
    ended, out, err = call(*arguments, stdin=stdin.encode())
    assert ended == code, (arguments, out, err)
    return out, err


def findings(command: str, *paths: str) -> set[tuple[str, str, str]]:
    report, _ = qp(command, "--format", "json", *paths, code=1)
    found = json.loads(report)["findings"]
    return {(each["path"], each["rule"], each["pointer"]) for each in found}


# --- the contract itself --------------------------------------------------------------------------


def test_the_contract_keeps_its_own_law() -> None:
    out, _ = qp("validate:api")
    assert "contract: 2 schemas and " in out
    assert out.endswith("clean\n")


def test_its_samples_hold_nothing_and_its_own_network_may_be_named(shop: Path) -> None:
    assert "198.51.100.7" in (shop / "samples" / "service.log.jsonl").read_text("utf-8")
    out, _ = qp("scan", ".")
    assert out.endswith("clean\n")


def test_both_engines_say_the_same() -> None:
    qp("validate:api", "--engine", "reference")


def test_a_schema_without_a_data_class_or_with_a_name_of_a_person_is_refused(shop: Path) -> None:
    file = shop / "schemas" / "orders.schema.json"
    schema = json.loads(file.read_text("utf-8"))
    fields = schema["$defs"]["OrderPaid"]["properties"]
    fields["customerEmail"] = {"type": "string", "description": "Where to write to."}
    file.write_text(json.dumps(schema), "utf-8")
    found = {(rule, pointer) for _, rule, pointer in findings("validate:api")}
    place = "/$defs/OrderPaid/properties/customerEmail"
    assert {("contract/class-missing", place), ("contract/pii-property", place)} <= found


def test_a_folder_without_schemas_takes_the_contract_of_its_models(shop: Path) -> None:
    shutil.rmtree(shop / "schemas")
    out, _ = qp("emit", "paid", "--dry-run", "--source", "till", "--data", json.dumps(PAID))
    assert json.loads(out)["eventType"] == "order.paid"


# --- models ---------------------------------------------------------------------------------------


def test_its_models_are_what_its_schemas_say() -> None:
    assert codegen.check(ORDERS_CONFIG.schemas, ORDERS_CONFIG.generated) == []


def test_models_have_the_name_of_their_folder_wherever_they_are(shop: Path) -> None:
    settings = shop / "quantapilot.toml"
    text = settings.read_text("utf-8").replace("generated/orders_models", "src/shop/events")
    settings.write_text(text, "utf-8")
    qp("generate")
    program = (
        "from shop.events import OrderPaid\n"
        f"paid = OrderPaid.model_validate({PAID!r})\n"
        "print(type(paid).__module__, paid.paidCents)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(shop / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    assert done.stdout.decode().split() == ["shop.events._internal", "790"], done.stderr.decode()


def test_mypy_reads_its_models(shop: Path) -> None:
    (shop / "program.py").write_text(
        "from orders_models import OrderLine, OrderPaid\n\n"
        'line = OrderLine(sku="TEA-0042", quantity=2, unitCents=790)\n'
        "reveal_type(line.unitCents)\n"
        'OrderPaid(orderId="x", currency="BTC", paidCents=1, method="card")\n',
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "program.py"],
        cwd=shop,
        env={**os.environ, "MYPYPATH": str(shop / "generated")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "int"' in done.stdout or "builtins.int" in done.stdout, done.stdout
    assert 'program.py:5: error: Argument "currency"' in done.stdout
    assert "Found 1 error in 1 file" in done.stdout


# --- documents that are checked -------------------------------------------------------------------


def test_what_is_wrong_with_dirty_documents_is_told_with_its_place() -> None:
    dirty = ("dirty/events.jsonl", "dirty/service.log.jsonl")
    personal = {
        (dirty[0], "pii/shop-loyalty-card", "/order/note"),
        (dirty[0], "pii/email", "/order/note"),
        (dirty[1], "pii/shop-customer", "/text"),
        (dirty[1], "pii/ip-v4", "/text"),
    }
    assert findings("scan", *dirty) == personal
    wrong = {(dirty[0], "contract/type", "/order/paidCents")}
    assert findings("validate:api", *dirty) == personal | wrong


@pytest.mark.parametrize("name", ["OrderPaid", "order_paid", "order-paid"])
def test_a_document_is_checked_as_the_definition_that_is_named(name: str) -> None:
    qp("validate:api", "--as", name, "-", stdin=json.dumps(PAID))
    fraction = json.dumps({**PAID, "paidCents": 7.9})
    out, _ = qp("validate:api", "--as", name, "-", stdin=fraction, code=1)
    assert "an integer of 0 to 100,000,000" in out


def test_a_document_that_is_none_of_its_own_is_told_what_tells_them_apart() -> None:
    out, _ = qp("validate:api", "-", stdin='{"specversion": "1.0"}', code=1)
    assert "'eventType' (events), 'severity' (logs), 'detail' (errors)" in out


def test_no_text_names_anything_of_quantapilots_contract() -> None:
    ours = re.compile("run_id|repo_url|run_started|RunStarted|specversion|_schemas|api[.]schema")
    said = [
        *qp("validate:api", "dirty/events.jsonl", "dirty/service.log.jsonl", code=1),
        *qp("validate:api", "-", stdin='{"eventType": "order.lost"}', code=1),
        *qp("emit", "lost", "--dry-run", "--data", "{}", code=2),
        *qp("explain", "contract/unknown-event"),
        *qp("explain", "contract/example-missing"),
    ]
    assert [text for text in said if ours.search(text)] == []


def test_its_own_rules_are_listed_and_explained() -> None:
    assert "pii/shop-loyalty-card" in qp("rules")[0]
    assert "It leads to one customer." in qp("explain", "pii/shop-customer")[0]


def test_what_its_rules_find_is_redacted() -> None:
    out, _ = qp("redact", "dirty/service.log.jsonl")
    assert "customer <national_id> asked again" in out


def test_what_is_found_today_can_be_accepted() -> None:
    paths = ("dirty/events.jsonl", "dirty/service.log.jsonl")
    qp("baseline", "create", *paths)
    qp("scan", "--baseline", ".quantapilot-baseline.json", *paths)


def test_its_repository_is_set_up(shop: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=shop, check=True)
    out, _ = qp("init", "--dry-run", "--hook", "git")
    assert "+++ b/quantapilot.toml" in out
    assert "qp validate:api" in out


# --- events that are emitted ----------------------------------------------------------------------


def test_an_event_is_emitted_kept_and_delivered(shop: Path) -> None:
    arrived = shop / "arrived.jsonl"
    data = json.dumps(PAID)
    said, _ = qp("emit", "paid", *KEPT, "--source", "till", "--data", data)
    assert EVENT_ID.fullmatch(said.strip())
    qp("outbox", "verify", *KEPT)
    qp("relay", *KEPT, "--once", "--ordered", "--to", f"file:{arrived}")
    event: dict[str, Any] = json.loads(arrived.read_text("utf-8"))
    assert event["eventId"] == said.strip()
    assert event["order"] == PAID
    qp("validate:api", "--kind", "events", "arrived.jsonl")


def test_what_waits_is_listed_with_the_order_that_it_is_about(shop: Path) -> None:
    nowhere = shop / "no" / "such" / "folder.jsonl"
    data = json.dumps(PAID)
    qp("emit", "paid", *KEPT, "--source", "till", "--data", data)
    qp("relay", *KEPT, "--once", "--give-up-after", "0", "--to", f"file:{nowhere}", code=1)
    out, _ = qp("outbox", "list", *KEPT)
    assert f"order.paid  {ORDER}" in out


def test_an_event_that_may_not_leave_is_kept_back() -> None:
    cancelled = {
        "orderId": ORDER,
        "currency": "EUR",
        "reason": "withdrawn",
        "refundCents": 790,
        "note": "card LC-4711-0815-2",
    }
    data = json.dumps(cancelled)
    arguments = ("emit", "cancelled", *KEPT, "--source", "till", "--data", data)
    _, said = qp(*arguments, code=1)
    assert "pii/shop-loyalty-card  /order/note" in said
    assert "0 events kept" in qp("outbox", "status", *KEPT)[0]


def test_whole_events_are_emitted_as_they_are(shop: Path) -> None:
    out, _ = qp("emit", *KEPT, "--file", "samples/events.jsonl")
    given = (shop / "samples" / "events.jsonl").read_text("utf-8").splitlines()
    assert out.split() == [json.loads(line)["eventId"] for line in given]


def test_samples_of_its_events_are_made(shop: Path) -> None:
    made, _ = qp("mock", "paid", "--seed", "4")
    assert json.loads(made)["eventType"] == "order.paid"
    (shop / "made.jsonl").write_text(made, "utf-8")
    qp("validate:api", "--kind", "events", "made.jsonl")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("qp emit ", {"placed", "paid", "packed", "shipped", "delivered", "closed", "cancelled"}),
        ("qp explain pii/shop", {"pii/shop-customer", "pii/shop-loyalty-card"}),
        ("qp validate:api --as order_p", {"order_placed", "order_paid", "order_packed"}),
    ],
)
def test_a_shell_completes_its_names(
    monkeypatch: pytest.MonkeyPatch, words: str, expected: set[str]
) -> None:
    place = str(len(words.split(" ")) - 1)
    monkeypatch.setenv("_QP_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", place)
    out, _ = qp()
    assert expected <= {line.partition(",")[2] for line in out.splitlines()}


# --- what is QuantaPilot's own product ------------------------------------------------------------


def test_the_gateway_says_which_definitions_it_would_need(shop: Path) -> None:
    _, said = qp("serve", "--listen", "127.0.0.1:0", code=4)
    assert said.startswith("qp: the gateway speaks QuantaPilot's own contract")
    assert "RunRequest" in said
    assert not (shop / "quantapilot.db").exists()


def test_the_proof_by_destruction_says_which_events_it_would_need() -> None:
    _, said = qp("chaos", "--kills", "1", code=4)
    assert "run_started and run_paused" in said


def test_a_trigger_says_which_definition_it_would_need(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("run", "--repo", "https://git.example/a", "--branch", "main")
    monkeypatch.setenv("QP_TOKEN", "t")
    _, said = qp(*arguments, code=4)
    assert "RunRequest" in said


# --- a contract that begins -----------------------------------------------------------------------


def test_a_contract_without_examples_is_told_once_and_gets_some_to_begin_with(shop: Path) -> None:
    file = shop / "schemas" / "orders.examples.json"
    before = json.loads(file.read_text("utf-8"))
    file.unlink()
    found = [each for each in findings("validate:api") if each[1] == "contract/example-missing"]
    assert [path for path, *_ in found] == ["schemas/orders.examples.json"]
    qp("mock", "--examples", "--output", "schemas/orders.examples.json")
    made = json.loads(file.read_text("utf-8"))
    assert made.keys() == before.keys() - {"$comment"}
    assert "clean" in qp("validate:api", "--ignore", "contract/drift")[0]
    del made["OrderPaid"]
    file.write_text(json.dumps(made), "utf-8")
    again, _ = qp("mock", "--examples")
    assert list(json.loads(again))[:-1] == list(made)
    for more in (["OrderPaid"], ["--runs", "2"], ["--count", "2"]):
        _, said = qp("mock", "--examples", *more, code=2)
        assert "leave the rest out" in said


@pytest.mark.parametrize(
    "command",
    [
        ("emit", "paid", "-", "--outbox", "orders.db"),
        ("generate",),
        ("generate", "--check"),
        ("docs", "--check"),
        ("mock", "PlaceOrder"),
    ],
    ids=" ".join,
)
def test_a_schema_that_is_none_is_told_by_its_place_and_nothing_is_written(
    shop: Path, command: tuple[str, ...]
) -> None:
    file = shop / "schemas" / "orders.schema.json"
    schema = json.loads(file.read_text("utf-8"))
    schema["$defs"]["PlaceOrder"]["properties"] = [1]
    file.write_text(json.dumps(schema, indent=2), "utf-8")
    before = {each: each.stat().st_mtime_ns for each in (shop / "generated").rglob("*.*")}
    _, err = qp(*command, code=4, stdin="{}")
    assert re.search(r"orders\.schema\.json:\d+:\d+: 'properties' is not what JSON Schema", err)
    assert before == {each: each.stat().st_mtime_ns for each in (shop / "generated").rglob("*.*")}
    assert not (shop / "orders.db").exists()
