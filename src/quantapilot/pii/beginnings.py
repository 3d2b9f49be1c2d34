"""Beginnings of given names: a small list that the prefilter can afford in place of all names.

The automaton of ten thousand names costs more to build than a small file to check. Most names are
told from ordinary words by their first few letters, so those stand in the pattern, and the check
then asks for the whole name. `python -m quantapilot.pii.beginnings` writes the two lists anew; a
test tells when they do not follow from the lists of names and words.
"""

from __future__ import annotations

import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "rules"
_WORDS = ("common_words", "english_words", "surname_words")
_LEAST = 3
# Ids and hashes are full of such letters.
_HEXADECIMAL = re.compile(r"[a-f]+")


def beginnings() -> tuple[list[str], list[str]]:
    """Return the beginnings that few other words have, and the names that other words begin with.

    Only names in ASCII count: the others are told by their letters.
    """
    from quantapilot.pii.rules import lexicon

    names = {word.lower() for word in lexicon("given_names") if word.isascii()}
    names = {name for name in names if not _HEXADECIMAL.fullmatch(name)}
    ordinary = {word for name in _WORDS for word in lexicon(name)} - names
    taken = {word[:size] for word in ordinary for size in range(_LEAST, len(word) + 1)}
    open_ended: set[str] = set()
    whole: set[str] = set()
    for name in names:
        cuts = (name[:size] for size in range(_LEAST, len(name)))
        cut = next((c for c in cuts if c not in taken and not _HEXADECIMAL.fullmatch(c)), None)
        (whole if cut is None else open_ended).add(cut or name)
    shortest = {
        word
        for word in open_ended
        if not any(word[:size] in open_ended for size in range(_LEAST, len(word)))
    }
    return sorted(shortest), sorted(whole)


def main() -> None:
    """Write both lists."""
    for name, said, words in zip(
        ("given_beginnings", "given_whole"),
        ("Beginnings of given names that few other words have", "Given names that begin words"),
        beginnings(),
        strict=True,
    ):
        head = f"# {said}; made by `python -m quantapilot.pii.beginnings`.\n"
        (_FOLDER / f"{name}.txt").write_text(head + "\n".join(words) + "\n", "utf-8")


if __name__ == "__main__":
    main()
