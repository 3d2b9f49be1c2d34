"""Documents as their own tools see them: real linters, a real parser, a real compiler."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.contracts import ORDER_EXAMPLES, ORDERS, closed, contract
from tests.emitting import CONTRACT
from tests.node_tools import FOLDER, node_tools, tool
from tests.program import call

from quantapilot.contract.digests import digest
from quantapilot.documents import typescript
from quantapilot.documents.registry import DOCUMENTS
from quantapilot.documents.source import Source
from quantapilot.gateway.openapi import document as gateway_document
from quantapilot.gateway.operations import operations

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated" / "docs"
EXAMPLES = orjson.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
# Contracts say nothing of who may call, of licences and of servers.
UNSAID = ("security-defined", "info-license", "no-empty-servers")
PARSE = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const { Parser } = createRequire(process.argv[2] + "/_")("@asyncapi/parser");
const parser = new Parser();
for (const file of process.argv.slice(3)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  console.log(JSON.stringify({
    wrong: diagnostics.filter((each) => each.code !== "asyncapi-latest-version"),
    messages: document ? document.messages().all().map((each) => each.name()) : null,
  }));
}
"""
OWN_RULES = """
[[rules]]
id = "pii/staff-id"
class = "national_id"
description = "Number of somebody on the staff"
severity = "error"
pattern = '\\bkestrel-[0-9]{4}\\b'
why = "It names one person."
fix = "Leave it out."
match = ["kestrel-4711"]
no_match = ["kestrel"]
"""
# Names that no language takes, names that are one to TypeScript, and keywords that are new.
ODD: Contract = contract(
    orders={
        **ORDERS,
        "an id/number": {"type": "string", "description": "Closes */ no comment."},
        "Id": {"type": "integer"},
        "Lines": {
            "type": "array",
            "prefixItems": [{"$ref": "#/$defs/an id~1number"}],
            "items": {"type": ["number", "null"]},
        },
        "Cart": {
            **closed(("id",), id={"$ref": "#/$defs/Id"}, lines={"$ref": "#/$defs/Lines"}),
            "x-operation": {
                "method": "POST",
                "path": "/carts/{cart}",
                "answers": {"201": "shop.schema.json#/$defs/Shop"},
                "errors": "shop.schema.json#/$defs/id",
            },
        },
    },
    shop={"id": {"type": "string"}, "Shop": closed(id={"$ref": "#/$defs/id"})},
)
NOTE: Contract = contract(a={"Note": closed()})


def written(tmp_path: Path, name: str, made: Contract, examples: Any) -> Path:
    ((file, data),) = DOCUMENTS[name](Source(made, examples)).items()
    (tmp_path / file).write_bytes(data)
    return tmp_path / file


def faults(file: Path) -> list[str]:
    """Return what the linter of OpenAPI documents says of one, by its recommended rules."""
    skipped = [word for rule in UNSAID for word in ("--skip-rule", rule)]
    done = tool("redocly", "lint", file.name, "--format", "json", *skipped, at=file.parent)
    told = json.loads(done.stdout)
    return [f"{each['ruleId']}: {each['message']}" for each in told["problems"]]


@pytest.mark.parametrize(
    ("made", "examples"),
    [(CONTRACT, EXAMPLES), (ODD, ORDER_EXAMPLES), (NOTE, {})],
    ids=["ours", "odd", "no operations and events"],
)
def test_openapi_passes_its_linter(tmp_path: Path, made: Contract, examples: Any) -> None:
    assert faults(written(tmp_path, "openapi", made, examples)) == []


def test_the_gateway_s_own_openapi_passes_its_linter(tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_bytes(
        orjson.dumps(gateway_document(CONTRACT, operations("/run")))
    )
    assert faults(tmp_path / "gateway.json") == []


def test_the_linter_does_find_what_is_wrong(tmp_path: Path) -> None:
    file = written(tmp_path, "openapi", ODD, ORDER_EXAMPLES)
    broken = json.loads(file.read_bytes())
    del broken["components"]["schemas"]["Placed"]
    broken["paths"]["/carts/{cart}"]["post"]["responses"]["201"].pop("description")
    file.write_text(json.dumps(broken))
    found = " ".join(faults(file))
    assert "no-unresolved-refs" in found
    assert "struct" in found


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the AsyncAPI initiative's own parser makes of documents, in one process: it starts late.

    The last one is broken.
    """
    folder = tmp_path_factory.mktemp("asyncapi")
    made = {"ours": (CONTRACT, EXAMPLES), "odd": (ODD, ORDER_EXAMPLES), "no events": (NOTE, {})}
    files = {}
    for name, (told, examples) in made.items():
        files[name] = written(folder, "asyncapi", told, examples).rename(folder / f"{name}.json")
    broken = json.loads(files["odd"].read_bytes())
    broken["operations"]["send_order_event"]["action"] = "shout"
    del broken["components"]["schemas"]["Placed"]
    files["broken"] = folder / "broken.json"
    files["broken"].write_text(json.dumps(broken))
    script = folder / "parse.mjs"
    script.write_text(PARSE)
    done = subprocess.run(
        ["node", script, node_tools(), *files.values()], capture_output=True, text=True, check=True
    )
    return dict(zip(files, map(json.loads, done.stdout.splitlines()), strict=True))


def test_asyncapi_is_read_by_its_parser(parsed: dict[str, dict[str, Any]]) -> None:
    (mapping,) = (
        each.schema["discriminator"]["mapping"]
        for each in CONTRACT.documents
        if each.kind == "events"
    )
    assert parsed["ours"] == {"wrong": [], "messages": list(mapping)}


@pytest.mark.parametrize("name", ["odd", "no events"])
def test_asyncapi_of_other_contracts_is_read_too(
    parsed: dict[str, dict[str, Any]], name: str
) -> None:
    assert parsed[name]["wrong"] == []


def test_the_parser_does_find_what_is_wrong(parsed: dict[str, dict[str, Any]]) -> None:
    found = [each["message"] for each in parsed["broken"]["wrong"]]
    assert any("action" in each for each in found), found
    assert any("Placed" in each for each in found), found


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QP_NODE_TOOLS", str(node_tools()))


def compiled(folder: Path, consumer: str) -> str:
    (folder / "consumer.ts").write_text(consumer)
    options = ("--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes")
    done = tool("tsc", *options, "consumer.ts", "types.d.ts", at=folder)
    return done.stdout


CONSUMER = """
import type { Event, LogRecord, RunRequest } from "./types";

export function told(event: Event): string {
  switch (event.type) {
    case "quantapilot.gate_requested":
      return `${event.data.gate}: ${event.data.description}`;
    case "quantapilot.documentation_generated":
      return `#${event.data.pr_number.toFixed()} by ${event.source}`;
    case "quantapilot.run_failed":
      // @ts-expect-error A failed run has no gate.
      return event.data.gate;
    default:
      return event.data.run_id;
  }
}

export const request: RunRequest = { repo_url: "https://git.example.com/a/b", branch: "main" };

export function short(event: Event): string {
  switch (event.type) {
    case "quantapilot.run_started":
      return event.data.branch;
    case "quantapilot.documentation_generated":
      return event.data.docs_branch;
    case "quantapilot.gate_requested":
    case "quantapilot.gate_decision":
      return event.data.gate;
    case "quantapilot.milestone_completed":
      return event.data.milestone_id;
    case "quantapilot.run_paused":
      return event.data.reason;
    case "quantapilot.run_failed":
      return event.data.error_code;
    case "quantapilot.run_resumed":
    case "quantapilot.run_completed":
      return event.subject;
    default: {
      const none: never = event;
      return none;
    }
  }
}

// @ts-expect-error The branch is needed.
export const half: RunRequest = { repo_url: "https://git.example.com/a/b" };

// @ts-expect-error There is no such type of event.
export const kind: Event["type"] = "quantapilot.run_cancelled";

export const line: LogRecord = {
  timestamp: "2025-08-19T12:00:00Z",
  level: "info",
  message: "cloned",
  files_count: 3,
  tokens_in: 12,
};

// @ts-expect-error A count is a number.
export const wrong: LogRecord = { ...line, files_count: "three" };

export const unknown: LogRecord = {
  timestamp: "2025-08-19T12:00:00Z",
  level: "info",
  message: "cloned",
  // @ts-expect-error No field of a log record.
  user: "u",
};
"""


@pytest.mark.usefixtures("node")
def test_typescript_tells_events_apart_by_their_type(tmp_path: Path) -> None:
    written(tmp_path, "typescript", CONTRACT, EXAMPLES)
    assert compiled(tmp_path, CONSUMER) == ""
    # What is expected to be an error must be one: the same without the marks does not compile.
    marked = CONSUMER.count("@ts-expect-error")
    bare = CONSUMER.replace("@ts-expect-error", "")
    assert compiled(tmp_path, bare).count("error TS") == marked


@pytest.mark.usefixtures("node")
def test_typescript_of_another_contract_compiles_and_says_the_same_each_time(
    tmp_path: Path,
) -> None:
    consumer = """
import type { Cart, OrderEvent, Shop } from "./types";
export const total = (event: OrderEvent) => (event.kind === "order.placed" ? event.total : 0);
export const cart: Cart = { id: 1, lines: ["a", 1, null] };
export const shop: Shop = { id: "a" };
"""
    file = written(tmp_path, "typescript", ODD, ORDER_EXAMPLES)
    assert compiled(tmp_path, consumer) == ""
    assert DOCUMENTS["typescript"](Source(ODD, {})) == {file.name: file.read_bytes()}
    assert "This interface was referenced" not in file.read_text("utf-8")


@pytest.mark.usefixtures("node")
def test_the_committed_documents_are_what_the_contract_says() -> None:
    code, out, err = call("docs", "--check", "--config", str(ROOT / "pyproject.toml"))
    assert (code, err) == (0, ""), out
    assert {path.name for path in GENERATED.iterdir()} >= {
        "asyncapi.json",
        "digests.json",
        "openapi.json",
        "types.d.ts",
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this project's contract and documents, on a machine without Node's tools."""
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    shutil.copytree(
        ROOT / "generated", tmp_path / "generated", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "quantapilot.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QP_NODE_TOOLS", str(tmp_path / "nowhere"))
    return tmp_path


def change(project: Path, old: str, new: str) -> None:
    path = project / "_schemas" / "api.schema.json"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.usefixtures("project")
def test_without_node_types_that_still_hold_are_no_reason_to_stop() -> None:
    assert call("docs", "--check") == (0, "generated/docs is what the contract says\n", "")
    assert call("docs")[1:] == ("wrote nothing, all is as it was in generated/docs\n", "")


def test_without_node_a_change_that_types_can_not_say_leaves_them_right(project: Path) -> None:
    change(project, '"maxLength": 2000', '"maxLength": 1999')
    code, out, err = call("docs")
    assert (code, err) == (0, "")
    assert "types.d.ts" not in out
    assert call("docs", "--check")[0] == 0


def test_without_node_types_of_an_older_contract_are_left_and_found(project: Path) -> None:
    change(project, '"pr_number"', '"pull_request"')
    types = (project / "generated" / "docs" / "types.d.ts").read_bytes()
    code, out, err = call("docs")
    assert code == 0
    assert "openapi.json" in out
    assert err.startswith("typescript is left as it was, and is not what the contract says: ")
    assert f"{typescript.PACKAGE}@{typescript.PACKAGE_VERSION}" in err
    assert (project / "generated" / "docs" / "types.d.ts").read_bytes() == types
    code, out, err = call("docs", "--check")
    assert code == 1
    assert "typescript is not what the contract says, and can't be written here" in out
    assert call("docs", "typescript")[0] == 4


@pytest.mark.usefixtures("project")
def test_models_and_documents_are_generated_and_checked_together() -> None:
    assert call("generate", "--check")[0] == 0
    change(Path.cwd(), '"maxLength": 2000', '"maxLength": 1999')
    code, out, err = call("generate", "--check")
    assert code == 1
    assert "+++ b/openapi.json" in out
    assert "+++ b/catalog.json" in out
    assert "run 'qp generate'" in err
    code, out, _ = call("generate")
    assert code == 0
    assert "in generated/quantapilot_models\nwrote " in out
    assert call("generate", "--check")[0] == 0


def test_the_gate_sees_documents_that_were_edited_without_making_them(project: Path) -> None:
    (project / "generated" / "docs" / "openapi.json").write_text("{}")
    code, out, _ = call("validate:api")
    assert code == 1
    assert "generated/docs/openapi.json  error  contract/drift\n    was edited by hand" in out


@pytest.mark.usefixtures("project")
def test_a_changed_schema_is_told_once() -> None:
    change(Path.cwd(), '"maxLength": 2000', '"maxLength": 1999')
    code, out, _ = call("validate:api")
    assert code == 1
    assert out.count("contract/drift\n") == 1


@pytest.mark.usefixtures("project")
def test_a_format_that_there_is_not_is_wrong_usage() -> None:
    code, _, err = call("docs", "openapi", "pdf")
    assert code == 2
    assert "there are no documents 'pdf'; known are openapi, asyncapi" in err


def test_documents_are_written_where_they_are_asked_for(project: Path) -> None:
    code, out, err = call("docs", "openapi", "--output", "site/api")
    assert (code, out, err) == (0, "wrote digests.json, openapi.json in site/api\n", "")
    made = (project / "site" / "api" / "openapi.json").read_bytes()
    assert made == (GENERATED / "openapi.json").read_bytes()


def test_the_pinned_version_is_the_one_that_is_asked_for() -> None:
    pinned = json.loads((FOLDER / "package.json").read_bytes())["dependencies"]
    assert pinned == {typescript.PACKAGE: typescript.PACKAGE_VERSION}
    lock = (FOLDER / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock, "npm config set omit-lockfile-registry-resolved true"


@pytest.mark.usefixtures("project")
def test_what_the_project_s_own_rules_find_is_masked_too(project: Path) -> None:
    (project / "own.toml").write_text(OWN_RULES)
    (project / "quantapilot.toml").write_text('rules = ["own.toml"]\n')
    path = project / "_schemas" / "api.examples.json"
    examples = json.loads(path.read_bytes())
    examples["RunPaused"]["invalid"].append(
        {"value": {"reason": "asked by kestrel-4711"}, "rules": ["pii/staff-id"], "why": "a person"}
    )
    path.write_text(json.dumps(examples, ensure_ascii=False, indent=2) + "\n")
    assert call("docs", "html", "markdown", "openapi", "asyncapi")[0] == 0
    made = project / "generated" / "docs"
    texts = [each.read_text("utf-8") for each in made.rglob("*") if each.is_file()]
    assert not [text for text in texts if "kestrel-4711" in text]
    page = (made / "markdown" / "RunPaused.md").read_text("utf-8")
    assert '"reason": "asked by <national_id>"' in page
    assert "- `pii/staff-id`: Number of somebody on the staff" in page


@pytest.mark.usefixtures("project")
def test_a_folder_with_a_file_of_people_is_left_as_it_is(project: Path) -> None:
    (project / "public").mkdir()
    (project / "public" / "index.html").write_text("<h1>Mine</h1>")
    code, _, err = call("docs", "--output", "public")
    assert (code, err.count("\n")) == (4, 1)
    assert "public/index.html: 'qp docs' did not write this file" in err
    assert [path.name for path in (project / "public").iterdir()] == ["index.html"]


def test_a_new_version_of_the_toolkit_is_told_from_a_changed_contract(project: Path) -> None:
    page, record = (
        project / "generated" / "docs" / each for each in ("index.html", "digests.json")
    )
    before = page.read_bytes()
    page.write_bytes(before.replace(b"API reference", b"Reference"))
    told = record.read_text("utf-8")
    record.write_text(told.replace(digest(before), digest(page.read_bytes())), "utf-8")
    code, _, err = call("docs", "html", "--check")
    assert code == 1
    assert "html: schemas and examples are as they were; another version of the toolkit" in err
