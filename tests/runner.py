"""GitHub's runner as far as a composite action needs it: its steps are run, other actions stand in.

Steps run in order with their own bash scripts, environment, outputs and conditions. Expressions are
those that `action.yml` uses: contexts, strings, `!`, `&&`, `||`, `==`, `!=` and `cancelled()`.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"'[^']*'|cancelled\(\)|[a-z][\w.-]*|&&|\|\||==|!=|!|[()]", re.IGNORECASE)
_OPERATORS = {"&&": " and ", "||": " or ", "!": " not ", "cancelled()": "False"}


@dataclass(slots=True)
class Result:
    """How an action ended: its outputs, the log of its scripts, and what it told other actions."""

    failed: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def uploads(self) -> list[dict[str, str]]:
        """Return what was given to the upload of SARIF, one a call."""
        return [given for name, given in self.told if name.endswith("/upload-sarif")]


@dataclass(slots=True)
class Runner:
    """A runner with its own folders.

    Attributes:
        workspace: The checkout; scripts run in it.
        temp: The folder `RUNNER_TEMP`.
        actions: What other actions answer, by their name without version.
        done: Outputs of steps, by name, that are taken as done and are not run.
        event: The event of the workflow, as in the context `github.event`.
        environment: More variables for every script.
    """

    workspace: Path
    temp: Path
    actions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    done: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, action: Path = ROOT, /, **inputs: str) -> Result:
        """Run the composite action in the folder `action`; '_' in a name of an input means '-'."""
        body = yaml.safe_load((action / "action.yml").read_text("utf-8"))
        defaults = {name: told.get("default", "") for name, told in body["inputs"].items()}
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= defaults.keys()
        github = {"event": self.event, "repository": "acme/app"}
        context: dict[str, Any] = {"inputs": defaults | given, "github": github, "steps": {}}
        result = Result()
        for step in body["runs"]["steps"]:
            condition = step.get("if")
            runs = not result.failed if condition is None else evaluate(condition, context)
            if condition is not None and "cancelled()" not in condition:
                runs = runs and not result.failed
            outputs = self._step(step, action, context, result) if runs else {}
            context["steps"][step.get("id", "")] = {"outputs": outputs}
        result.outputs = {
            name: filled(told["value"], context) for name, told in body["outputs"].items()
        }
        return result

    def _step(
        self, step: dict[str, Any], action: Path, context: dict[str, Any], result: Result
    ) -> Mapping[str, str]:
        if step.get("name") in self.done:
            return self.done[step["name"]]
        if "uses" in step:
            name = step["uses"].partition("@")[0]
            told = {key: filled(str(value), context) for key, value in step["with"].items()}
            result.told.append((name, told))
            return self.actions.get(name, {})
        variables = {key: filled(value, context) for key, value in step.get("env", {}).items()}
        return self._script(step["run"], action, variables, result)

    def _script(
        self, script: str, action: Path, variables: dict[str, str], result: Result
    ) -> dict[str, str]:
        self.temp.mkdir(parents=True, exist_ok=True)
        files = {name: self.temp / f"_{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_bytes(b"")
        code = self.temp / "_script.sh"
        code.write_text(script, "utf-8")
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("GITHUB_", "QP_", "RUNNER_"))
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(code)],
            cwd=self.workspace,
            env=inherited
            | {name: str(file) for name, file in files.items()}
            | {"GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(self.temp)}
            | dict(self.environment)
            | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        result.log += done.stdout.decode()
        result.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        result.failed = result.failed or done.returncode != 0
        return read_outputs(files["GITHUB_OUTPUT"].read_text("utf-8"))


def read_outputs(text: str) -> dict[str, str]:
    """Return what a script wrote to `GITHUB_OUTPUT`: `name=value`, or `name<<END` and lines."""
    outputs = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, mark, value = line.partition("=")
        if "<<" in name or not mark:
            name, _, end = line.partition("<<")
            value = "\n".join(takewhile(end.__ne__, lines))
        outputs[name] = value
    return outputs


def filled(text: str, context: Mapping[str, Any]) -> str:
    """Return a text of the action with its expressions evaluated."""
    return _EXPRESSION.sub(lambda found: _shown(evaluate(found[1], context)), text)


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """Return the value of an expression; what is not there is an empty text, as in comparisons."""

    def translated(token: str) -> str:
        if token in _OPERATORS:
            return _OPERATORS[token]
        return f"look({token!r})" if token[0].isalpha() else token

    def look(path: str) -> Any:
        value: Any = context
        for name in path.split("."):
            value = value.get(name) if hasattr(value, "get") else None
        return "" if value is None else value

    assert _TOKEN.sub("", expression).strip() == "", f"not understood: {expression}"
    python = "".join(translated(token) for token in _TOKEN.findall(expression))
    return eval(python, {"__builtins__": {}}, {"look": look})


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
