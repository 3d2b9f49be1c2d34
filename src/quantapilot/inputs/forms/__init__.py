"""Forms: how inputs that are not lines of JSON or plain text are read as if they were.

A form turns a stream into lines of JSON, each with the number of the line, row or record that it
stands for, so that one pass checks them all; blank lines fill the gaps. Then it puts the findings
back where they stand in the input. A form is one entry in `FORMS` and one module.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from quantapilot.inputs.unpacking import bare_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable


class Form(Protocol):
    """One input read as lines of JSON."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes of the lines, about `size`; none at the end.

        Raises:
            InputFaultError: The input is damaged.
            OSError: It can't be read.
        """

    def placed(self, finding: Finding, /) -> Finding | None:
        """Return a finding in the lines that were read last where it stands in the input.

        None tells that it is the same as one before it.
        """


@dataclass(frozen=True, slots=True)
class FormEntry:
    """A form: its module, what recognises it, and whether each line of it stands for itself.

    The module has a function `open_form(head, stream)` that returns a `Form`; the stream of one by
    line can only be read on. `recognised` takes
    the input's name without folders and compression, in lower case, its first bytes, and whether
    documents are held to a contract; it must be quick, since it is asked about every input.
    """

    module: str
    recognised: Callable[[str, bytes, bool], bool]
    by_line: bool = False


def _is_table(name: str, head: bytes, judged: bool) -> bool:
    if judged or not name.endswith((".csv", ".tsv")):
        return False
    from quantapilot.inputs.forms.csv_header import header_of

    return header_of(head) is not None


def _is_parquet(name: str, head: bytes, _: bool) -> bool:
    return name.endswith(".parquet") or head.startswith((b"PAR1", b"PARE"))


FORMS: dict[str, FormEntry] = {
    "csv": FormEntry("quantapilot.inputs.forms.csv_rows", _is_table),
    "parquet": FormEntry("quantapilot.inputs.forms.parquet", _is_parquet),
}


def form_name(label: str, head: bytes, *, judged: bool) -> str | None:
    """Return the name of the form that an input is read as, None where it is read as it is.

    Args:
        label: The input's name.
        head: Its first bytes.
        judged: Whether documents are held to a contract.
    """
    name = bare_name(label).replace("\\", "/").rpartition("/")[2].lower()
    for form, entry in FORMS.items():
        if entry.recognised(name, head, judged):
            return form
    return None


def open_form(name: str, head: bytes, stream: Readable) -> Form:
    """Return an input as a form reads it.

    Args:
        name: The form.
        head: The bytes that were read of the input already.
        stream: Gives the rest.

    Raises:
        InputFaultError: It is damaged, or what reads it is not installed.
    """
    form: Form = import_module(FORMS[name].module).open_form(head, stream)
    return form
