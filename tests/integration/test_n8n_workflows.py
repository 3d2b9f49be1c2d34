"""The workflows for n8n as files; `make test-n8n` runs them in a real n8n."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "integrations" / "n8n"
FILES = sorted(FOLDER.glob("*.json"))


def workflow(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def test_the_two_workflows_can_be_imported_side_by_side() -> None:
    assert [file.name for file in FILES] == ["receive-events.json", "start-run.json"]
    nodes = [node for file in FILES for node in workflow(file)["nodes"]]
    hooks = [node["webhookId"] for node in nodes if "webhookId" in node]
    for ids in ([workflow(file)["id"] for file in FILES], [node["id"] for node in nodes], hooks):
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_is_of_stock_nodes_that_are_all_connected(file: Path) -> None:
    nodes = {node["name"]: node["type"] for node in workflow(file)["nodes"]}
    assert all(type_.startswith("n8n-nodes-base.") for type_ in nodes.values())
    connections = workflow(file)["connections"]
    reached = {
        to["node"] for each in connections.values() for output in each["main"] for to in output
    }
    begin = {name for name, type_ in nodes.items() if type_ == "n8n-nodes-base.webhook"}
    notes = {name for name, type_ in nodes.items() if type_ == "n8n-nodes-base.stickyNote"}
    assert connections.keys() <= nodes.keys()
    assert reached | begin | notes == nodes.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_names_its_credentials_and_holds_none(file: Path) -> None:
    read_me = (FOLDER / "README.md").read_text("utf-8")
    for node in workflow(file)["nodes"]:
        for named in node.get("credentials", {}).values():
            assert named.keys() == {"id", "name"}
            assert f"*{named['name']}*" in read_me
            assert f"*{node['name']}*" in read_me
    for secret in ("whsec_", "qpt_", "hmacSecret", "Bearer ey"):
        assert secret not in file.read_text("utf-8")
