"""Text as it may stand in a page in CommonMark: it is shown as it is, and never becomes markup."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\`*<>\[\]|]|(?<![^\W_])_|_(?![^\W_])")


def anchor(heading: str) -> str:
    """Return the fragment by which a page is entered at `heading`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def prose(text: str) -> str:
    """Return words as they may stand in a paragraph, with nothing in them that is markup."""
    return _MARKUP.sub(r"\\\g<0>", text)


def code_span(text: str) -> str:
    """Return `text` as a code span that shows each of its characters."""
    shown = "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in text)
    # A span ends at the first run of backticks as long as the one that opened it.
    runs = {len(run) for run in re.findall("`+", shown)}
    ticks = "`" * next(length for length in range(1, len(shown) + 2) if length not in runs)
    # One space is taken off both ends, but where all is space; and a backtick at an end would
    # lengthen the fence.
    padded = bool(shown.strip(" ")) and bool({shown[0], shown[-1]} & {"`", " "})
    return f"{ticks} {shown} {ticks}" if padded else f"{ticks}{shown}{ticks}"
