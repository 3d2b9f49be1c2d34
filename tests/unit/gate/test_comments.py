"""Comments: read in any block of lines, and never taken for what they are not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.findings import Finding
from quantapilot.gate.comments import Comments

KNOWN = ["pii/email", "pii/ip-v4"]
OPEN = "qp:allow["
FINDING = Finding(
    "pii/email", "pii", "error", "a", "m", "h", "0" * 32, pii_class="email", line=1, column=1
)
# Any text of one line; only the newline ends a line.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\n"))


def excused(comments: Comments, line: int, column: int = 1) -> bool:
    return comments.excuses(replace(FINDING, line=line, column=column))


@given(before=st.lists(TEXTS, max_size=5), leader=st.sampled_from(["#", "//", "<!--", "--", ";"]))
def test_a_comment_is_found_at_its_line_whatever_stands_above(
    before: list[str], leader: str
) -> None:
    lines = [*(text.replace("qp:", "") for text in before), f"{leader} {OPEN}pii/email] why", "x"]
    comments = Comments("a", KNOWN)
    for number, line in enumerate(lines, start=7):
        assert list(comments.read(line.encode(), number)) == []
    assert [line for line in range(1, 20) if excused(comments, line)] == [7 + len(before) + 1]


@given(TEXTS)
def test_no_text_behind_the_bracket_breaks_the_reading(text: str) -> None:
    comments = Comments("a", KNOWN)
    for fault in comments.read(f"x {OPEN}{text}\n".encode(), 1):
        assert fault.rule.startswith("input/allow-")
        assert fault.line == 1


def test_it_holds_for_what_stands_before_it_and_not_behind() -> None:
    comments = Comments("a", KNOWN)
    assert list(comments.read(f"é é x = 1 # {OPEN}pii/email] why".encode(), 1)) == []
    assert excused(comments, 1, 10)
    assert not excused(comments, 1, 13)
    assert not comments.excuses(replace(FINDING, line=1, column=5, pointer="/a"))
    assert not comments.excuses(replace(FINDING, line=1, column=5, rule="pii/ip-v4"))


def test_one_comment_may_excuse_many_findings_and_be_used_once() -> None:
    comments = Comments("a", KNOWN)
    list(comments.read(f"x {OPEN}pii/email , pii/ip-v4] why".encode(), 1))
    assert excused(comments, 1)
    assert excused(comments, 1, 2)
    ((rule, unused),) = comments.unused()
    assert (rule, unused.rule, unused.column) == ("pii/ip-v4", "input/allow-unused", 24)
