"""`qp diff` and `qp validate:api --compatible-with` in real git repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.program import call
from tests.repositories import be_alone, commit, git

ROOT = Path(__file__).parents[2]
API = "_schemas/api.schema.json"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a repository whose only commit holds our schemas."""
    be_alone(monkeypatch)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "--quiet", "--initial-branch=main")
    shutil.copytree(ROOT / "_schemas", "_schemas")
    commit({"quantapilot.toml": ""})
    return folder


def changed(*, event: bool = True) -> None:
    """Commit a version in which a length, a format and, if asked for, an event are gone."""
    schema = json.loads(Path(API).read_text("utf-8"))
    defs = schema["$defs"]
    defs["GateDecision"]["properties"]["reason"] = {
        "description": "Why.",
        "type": "string",
        "minLength": 1,
        "x-data-class": "text",
    }
    del defs["RunId"]["format"]
    if event:
        defs["Event"]["oneOf"].remove({"$ref": "#/$defs/RunPausedEvent"})
        del defs["Event"]["discriminator"]["mapping"]["quantapilot.run_paused"]
        del defs["RunPausedEvent"], defs["RunPaused"]
    else:
        del defs["RunAccepted"]["required"]
    commit({API: json.dumps(schema, indent=2)})


def versions() -> dict[str, dict[str, Any]]:
    """Return the schemas of both versions by their `$id`."""
    out: dict[str, dict[str, Any]] = {}
    for version, revision in (("old", "HEAD~1"), ("new", "HEAD")):
        names = git("ls-tree", "--name-only", f"{revision}:_schemas").splitlines()
        texts = [git("show", f"{revision}:_schemas/{n}") for n in names if "schema" in n]
        out[version] = {schema["$id"]: schema for schema in map(json.loads, texts)}
    return out


def test_the_three_are_named_with_pointers_and_values_that_both_engines_confirm() -> None:
    changed()
    code, out, _ = call("diff", "HEAD~1", "HEAD", "--format", "json")
    assert code == 1
    report = json.loads(out)
    told = {change["pointer"]: change for change in report["changes"]}
    assert told.keys() == {
        "/$defs/Event/discriminator/mapping/quantapilot.run_paused",
        "/$defs/GateDecision/properties/reason/maxLength",
        "/$defs/RunId/format",
    }
    both = versions()
    for change in told.values():
        witness, address = change["witness"], f"#/$defs/{change['definition']}"
        for version, accepted in ((witness["accepted_by"], True), (witness["refused_by"], False)):
            schemas = both[version]
            home = next(i for i, s in schemas.items() if change["definition"] in s["$defs"])
            body = {"$ref": f"{home}{address}"}
            registry: Registry[Any] = Registry().with_resources(
                (i, Resource.from_contents(s, default_specification=DRAFT202012))
                for i, s in schemas.items()
            )
            reference = Draft202012Validator(
                body, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
            )
            rust = jsonschema_rs.Draft202012Validator(
                body, registry=jsonschema_rs.Registry([*schemas.items()]), validate_formats=True
            )
            value = witness["value"]
            assert (reference.is_valid(value), rust.is_valid(value)) == (accepted, accepted)
    assert report["versions"][0]["needed"] == "0.2.0"


def test_people_read_what_broke_and_which_version_is_needed() -> None:
    changed()
    code, out, _ = call("diff", "HEAD~1", "HEAD")
    assert code == 1
    assert "api.schema.json#/$defs/RunId/format\n    format uuid → none" in out
    assert "api.schema.json: x-version 0.1.0 → at least 0.2.0, it is 0.1.0" in out
    assert out.splitlines()[-1] == "breaking: 3 changes, 1 breaking, 2 privacy"
    assert call("diff", "HEAD", "HEAD")[:2] == (0, "compatible: every value is judged as before\n")


def test_files_folders_and_revisions_can_be_mixed(tmp_path: Path) -> None:
    changed()
    assert call("diff", "_schemas", "HEAD")[0] == 0
    assert call("diff", "HEAD~1:_schemas", "./_schemas")[0] == 1
    shutil.copytree("_schemas", tmp_path / "copy")
    assert call("diff", "main", str(tmp_path / "copy"))[0] == 0
    plain = "_schemas/baseline.schema.json"
    assert call("diff", f"HEAD:{plain}", plain)[0] == 0
    assert call("diff", plain, "_schemas")[0] == 2


def test_single_files_are_compared_by_the_direction_that_is_asked_for(here: Path) -> None:
    (here / "old.json").write_text('{"type": "string", "maxLength": 4}')
    (here / "new.json").write_text('{"type": "string", "maxLength": 5}')
    assert call("diff", "old.json", "new.json")[0] == 0
    code, out, _ = call("diff", "old.json", "new.json", "--direction", "forward")
    assert code == 1
    assert 'accepted by new, refused by old: "aaaaa"' in out
    assert call("diff", "old.json", "new.json", "--direction", "full")[0] == 1
    report = here / "report.md"
    args = ("--direction", "full", "--format", "markdown", "--output", str(report))
    assert call("diff", "old.json", "new.json", *args)[0] == 1
    assert report.read_text("utf-8").startswith("breaking: 1 change, 1 breaking\n")


def test_the_schemas_of_a_project_in_a_subfolder_are_found(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("part").mkdir()
    shutil.move("_schemas", "part/_schemas")
    shutil.move("quantapilot.toml", "part/quantapilot.toml")
    commit()
    monkeypatch.chdir(here / "part")
    assert call("diff", "HEAD", "_schemas")[0] == 0
    assert call("diff", "HEAD:./_schemas", "HEAD:part/_schemas")[0] == 0
    code, _, err = call("diff", "HEAD~1", "HEAD")
    assert (code, err) == (4, "qp: revision 'HEAD~1' has no part/_schemas\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing", "'nothing' is no file, no folder and no git revision"),
        ("-", "standard input can't be compared: write it to a file"),
        ("bad_pattern.json", "bad_pattern.json:1:13: no valid JSON Schema: no regular expression"),
        ("HEAD:none", "revision 'HEAD' has no none"),
        ("--output=x", None),
        ("broken.json", "broken.json:2:1: not valid JSON"),
        ("no_schema.json", "no_schema.json:1:10: no valid JSON Schema"),
        ("nowhere.json", 'nowhere.json:1:10: "$ref" leads nowhere: #/$defs/a'),
        ("empty", "empty holds no *.schema.json"),
        ("twin", "'twin' is a path and a git revision: write ./twin for the path"),
    ],
)
def test_what_can_not_be_compared_is_told_with_its_place(
    here: Path, given: str, said: str | None
) -> None:
    (here / "broken.json").write_text('{"type":\n}')
    (here / "no_schema.json").write_text('{"type": "text"}')
    (here / "nowhere.json").write_text('{"$ref": "#/$defs/a"}')
    (here / "bad_pattern.json").write_text('{"pattern": "("}')
    (here / "fine.json").write_text("{}")
    (here / "empty").mkdir()
    (here / "twin").mkdir()
    git("branch", "twin")
    code, _, err = call("diff", given, "fine.json")
    assert code == (4 if said else 2)
    if said:
        assert err.startswith(f"qp: {said}")


def test_a_file_may_get_another_name_as_long_as_it_keeps_its_address() -> None:
    git("mv", "_schemas/error.schema.json", "_schemas/errors.schema.json")
    commit()
    assert call("diff", "HEAD~1", "HEAD") == (
        0,
        "compatible: every value is judged as before\n",
        "",
    )


def test_a_file_with_another_name_is_still_compared() -> None:
    git("mv", "_schemas/error.schema.json", "_schemas/errors.schema.json")
    file = Path("_schemas/errors.schema.json")
    schema = json.loads(file.read_text("utf-8"))
    schema["$defs"]["ErrorCode"]["maxLength"] = 63
    commit({str(file): json.dumps(schema)})
    code, out, _ = call("diff", "HEAD~1", "HEAD", "--direction", "backward")
    assert (code, "errors.schema.json#/$defs/ErrorCode/maxLength" in out) == (1, True)


def test_revisions_of_a_bare_repository_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed()
    git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    here = call("diff", "main~1", "main")
    monkeypatch.chdir(tmp_path / "bare.git")
    assert call("diff", "main~1", "main") == here
    assert call("diff", "HEAD:_schemas", "main")[0] == 0


def test_a_shallow_clone_and_a_missing_repository_are_told(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed()
    git("clone", "--quiet", "--depth=1", here.as_uri(), str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    code, _, err = call("diff", "HEAD~1", "HEAD")
    assert (code, "`git fetch --unshallow`" in err) == (4, True)
    monkeypatch.chdir(tmp_path)
    code, _, err = call("diff", "HEAD~1", "HEAD")
    assert (code, "not a git repository" in err) == (4, True)


def test_ci_gets_a_finding_for_each_change_at_its_place_in_the_newer_schema() -> None:
    changed(event=False)
    code, out, _ = call(
        "validate:api",
        "--compatible-with",
        "HEAD~1",
        "--format",
        "json",
        "--select",
        "contract/*-change",
    )
    assert code == 1
    found = json.loads(out)["findings"]
    assert {(each["rule"], each["path"], each["pointer"]) for each in found} == {
        (
            "contract/breaking-change",
            API,
            "/$defs/RunAccepted/required",
        ),
        ("contract/privacy-change", API, "/$defs/GateDecision/properties/reason/maxLength"),
        ("contract/privacy-change", API, "/$defs/RunId/format"),
    }
    line = next(each["line"] for each in found if "RunId" in each["pointer"])
    assert '"RunId"' in Path(API).read_text("utf-8").splitlines()[line - 1]
    assert (
        call("validate:api", "--compatible-with", "HEAD", "--select", "contract/*-change")[0] == 0
    )


def test_ci_is_told_where_a_revision_can_not_be_compared() -> None:
    code, _, err = call("validate:api", "--compatible-with", "v9")
    assert (code, err) == (4, "qp: 'v9' is no revision of this repository\n")


def test_a_break_that_is_meant_is_excused_with_a_reason_and_never_called_needless() -> None:
    changed(event=False)
    reason = 'rule = "contract/*-change"\nreason = "Version 0.2.0."\n'
    rules = ("breaking", "privacy")
    tables = (f'[[allow]]\npath = "/{API}"\n' + reason.replace("*", rule) for rule in rules)
    Path("quantapilot.toml").write_text("\n".join(tables))
    select = ("--select", "contract/*-change", "--select", "input/*")
    code, out, _ = call("validate:api", "--compatible-with", "HEAD~1", *select)
    assert code == 0, out
    assert "allowed 3 with a reason" in out
    assert call("validate:api", *select)[0] == 0
