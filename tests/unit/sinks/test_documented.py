"""The page on sinks lists every reason that a webhook or a file may give, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from quantapilot.sinks import file, webhook

PAGE = Path(__file__).parents[3] / "docs" / "sinks.md"
_REASON = re.compile(r"(?:Retry|Dead|Disabled)\(\s*\"([^\"]+)\"|return \"([^\"]+)\"")


def test_the_page_lists_every_reason() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("### Answers")[2].partition("A reason is")[0]
    listed = set(re.findall(r"\| `([^`]+)`[^|]*\|$", table, re.MULTILINE))
    given = {reason for _, reason in webhook._REASONS}
    source = Path(webhook.__file__).read_text(encoding="utf-8")
    given |= {a or b for a, b in _REASON.findall(source)} | {"bad answer", "status 404"}
    assert listed == given
    source = Path(file.__file__).read_text(encoding="utf-8")
    for reason in ("disk full", "not writable", "line break in body"):
        assert f'"{reason}"' in source
        assert f"`{reason}`" in text
