"""The HTML report: findings stay data whatever is in them, and the page runs nothing of them."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot import __version__
from quantapilot.errors import ExitCode
from quantapilot.findings import PII_CLASSES, Finding, Summary
from quantapilot.reports import open_reporter
from quantapilot.reports.json_ import finding_json
from quantapilot.reports.page import house_style

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&lt;&#60;",
    "line\u2028paragraph\u2029end",
    "bad\udcff\ud800.txt",
    "\x00\x1b[31m\u202e\ufeff\U0001f600é",
    "{findings}{summary}{script}{verdict}",
)


def finding(text: str = "", **changes: Any) -> Finding:
    base = {
        "rule": "pii/email", "category": "pii", "pii_class": "email", "severity": "error",
        "path": f"logs/{text}a.jsonl", "line": 3, "column": 17, "pointer": f"/message{text}",
        "message": f"E-mail address{text}", "excerpt": f"message: to <email>{text}, later",
        "fingerprint": "0123456789abcdef" * 2, "help": f"Drop the address.{text}",
    }  # fmt: skip
    return Finding(**{**base, **changes})


FIXED = (
    finding(),
    finding(
        rule="contract/drift", category="contract", pii_class=None, line=None, column=None,
        pointer=None, excerpt=None, path="generated/api.py", message="was edited by hand",
        help="Run 'qp generate'.",
    ),
    finding(
        rule="input/bom", category="input", pii_class=None, severity="warning", line=1, column=1,
        pointer=None, excerpt=None, message="starts with a BOM", help="Write it without.",
        path="odd\n\udcff é\u2028.jsonl",
    ),
)  # fmt: skip


def written(findings: tuple[Finding, ...] | list[Finding], summary: Summary | None = None) -> str:
    out = io.StringIO()
    counted = summary or Summary(files=1, documents=2, bytes=3, elapsed_s=1.23456)
    reporter = open_reporter("html", out, colour=True, quiet=True)
    reporter.start()
    for each in findings:
        reporter.add(each)
        counted.add(each)
        if each.severity == "error":
            counted.outcomes.add(ExitCode.FINDINGS)
    reporter.finish(counted)
    return out.getvalue()


class Page(HTMLParser):
    """What a browser makes of a page: its elements in order, and the text of some of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.attributes.append((tag, attributes))
        self._inside = f"{tag}#{attributes['id']}" if attributes.get("id") else tag
        self.elements.append(self._inside)
        self.texts.setdefault(self._inside, "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] += data

    @property
    def findings(self) -> Any:
        return orjson.loads(self.texts["script#findings"])

    @property
    def summary(self) -> Any:
        return orjson.loads(self.texts["script#summary"])


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_shape_of_the_page(snapshot: SnapshotAssertion) -> None:
    text = written(FIXED)
    for name in ("css", "js"):
        part = files("quantapilot.reports").joinpath(f"html.{name}").read_text("utf-8")
        part = house_style() + part if name == "css" else part
        assert text.count(part) == 1
        text = text.replace(part, f"({name})").replace(hashed(part), f"(hash of {name})")
    text = re.sub(r'(?<="written":")[^"]+', "(time)", text).replace(__version__, "(version)")
    assert text == snapshot


def test_every_finding_is_that_of_the_json_report_one_a_line() -> None:
    text = written(FIXED)
    page = Page(text)
    assert page.findings == [orjson.loads(finding_json(each)) for each in FIXED]
    lines = text.partition('id="findings">[\n')[2].splitlines()[: len(FIXED)]
    assert [json.loads(line.rstrip(",")) for line in lines] == page.findings


def test_a_page_without_findings_holds_an_empty_list() -> None:
    assert '<script type="application/json" id="findings">[]</script>' in written(())


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_found_can_not_leave_the_data(text: str) -> None:
    hostile, harmless = Page(written([finding(text)])), Page(written([finding()]))
    assert hostile.elements == harmless.elements
    assert hostile.texts["script"] == harmless.texts["script"]
    assert hostile.findings == [orjson.loads(finding_json(finding(text)))]


@given(st.lists(st.builds(finding, ANY_TEXT), max_size=3))
def test_the_page_is_ascii_and_keeps_its_shape_whatever_is_found(findings: list[Finding]) -> None:
    text = written(findings)
    assert text.isascii()
    page = Page(text)
    assert page.elements == Page(written(())).elements
    assert page.findings == [orjson.loads(finding_json(each)) for each in findings]
    assert not re.search(r"[<>&\x7f\x00-\x09\x0b-\x1f]", page.texts["script#findings"])


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    page = Page(written(FIXED))
    (policy,) = [
        attributes["content"]
        for _, attributes in page.attributes
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "; ".join(
        (
            "default-src 'none'",
            f"style-src {hashed(page.texts['style'])}",
            f"script-src {hashed(page.texts['script'])}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def test_the_page_names_no_address_and_handles_no_event_in_its_markup() -> None:
    text = written(())
    assert not re.search(r"\w://|url\(|@import|\bimport\(|fetch\(|XMLHttp|sendBeacon", text)
    page = Page(text)
    given_ = {name for _, attributes in page.attributes for name in attributes}
    assert [name for name in given_ if name.startswith("on") or name in {"src", "style"}] == []
    assert [a["href"] for _, a in page.attributes if "href" in a] == ["data:,"]


def test_the_script_sets_texts_only() -> None:
    script = files("quantapilot.reports").joinpath("html.js").read_text("utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script
    assert "</script" not in script.lower()
    assert "<!--" not in script


def test_the_summary_tells_what_was_checked_and_how_it_ended() -> None:
    counted = Summary(
        files=5, schemas=3, documents=7, examples=100, bytes=12, skipped=2, elapsed_s=1.23456
    )  # fmt: skip
    summary = Page(written(FIXED, counted)).summary
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", summary.pop("written"))
    assert summary == {
        "report_version": "1",
        "tool": {"name": "quantapilot", "version": __version__},
        "exit_code": 1,
        "headline": "Not clean",
        "explanation": "2 errors and 1 warning were found.",
        "files": 8,
        "documents": 107,
        "bytes": 12,
        "skipped": 2,
        "errors": 2,
        "warnings": 1,
        "elapsed_s": 1.235,
        "classes": list(PII_CLASSES),
    }


@pytest.mark.parametrize(
    ("summary", "headline", "explanation"),
    [
        (Summary(documents=1), "Clean", "Nothing was found."),
        (Summary(documents=1, warnings=1), "Clean", "0 errors and 1 warning were found."),
        (Summary(documents=1, errors=1, outcomes={ExitCode.FINDINGS}), "Not clean",
         "1 error and 0 warnings were found."),
        (Summary(documents=1, errors=1200, outcomes={ExitCode.UNCHECKED, ExitCode.FINDINGS}),
         "Not everything could be checked",
         ("1,200 errors and 0 warnings were found in what was read. What the rest holds is "
          "unknown: this is not a clean result.")),
        (Summary(skipped=1), "Nothing to check",
         "No input held anything that could be checked: this is not a clean result."),
    ],
)  # fmt: skip
def test_the_verdict_stands_in_words_also_without_javascript(
    summary: Summary, headline: str, explanation: str
) -> None:
    text = written((), summary)
    told = Page(text).summary
    assert (told["headline"], told["explanation"]) == (headline, explanation)
    assert f'<noscript><p class="page">{headline}. {explanation}</p></noscript>' in text


def test_findings_are_written_as_they_come() -> None:
    out = io.StringIO()
    reporter = open_reporter("html", out)
    reporter.start()
    before = len(out.getvalue())
    for at in range(3):
        reporter.add(finding(line=at + 1))
        assert out.getvalue().count("pii/email") == at + 1
    assert before < 20_000
    assert "</body>" not in out.getvalue()
    # What is cut off here must not pass for a result.
    assert "The report is not shown" in out.getvalue()
