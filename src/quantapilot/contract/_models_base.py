"""What every generated model shares, so that it judges a value as the JSON Schema engines do.

`qp generate` copies this file into the generated package; the toolkit itself never imports it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictFloat,
    StrictInt,
)

try:
    from pydantic import MISSING as MISSING  # noqa: PLC0414 - for those who import this module
except ImportError:  # before Pydantic 2.14
    from pydantic.experimental.missing_sentinel import MISSING as MISSING  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


class ContractModel(BaseModel):
    """A part of the contract: closed, immutable, and never converting one type to another.

    The text of its errors leaves the refused value out: it may hold personal data.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        serialize_by_alias=True,
    )


def _whole(value: Any) -> Any:
    """Return 5 for 5.0, which JSON Schema calls an integer too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(value: Any) -> Any:
    """Return a number that may be one of some listed ones; a boolean is none."""
    if not isinstance(value, bool):
        return _whole(value)
    raise ValueError("not a number")


def _moment(value: Any) -> Any:
    """Return the moment that an RFC 3339 date-time with offset names; nothing else is one."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise ValueError("not an RFC 3339 date-time with offset")
    return datetime.fromisoformat(value.upper())


def _uuid(value: str) -> str:
    if not _UUID.fullmatch(value):
        raise ValueError("not a UUID with hyphens")
    return value


def at_most(length: int) -> Callable[[Any], Any]:
    """Return a check that a moment's text has no more than `length` characters."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and len(value) > length:
            raise ValueError(f"more than {length} characters")
        return value

    return check


# Strict by themselves, for aliases that are validated outside of a model.
Boolean: TypeAlias = StrictBool
Integer: TypeAlias = Annotated[StrictInt, BeforeValidator(_whole)]
Number: TypeAlias = StrictInt | StrictFloat
Listed: TypeAlias = Annotated[_T, BeforeValidator(_listed)]
Uuid: TypeAlias = Annotated[str, AfterValidator(_uuid)]
DateTime: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_moment)]
