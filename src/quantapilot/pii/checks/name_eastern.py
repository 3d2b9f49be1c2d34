"""Names in scripts without capitals: Chinese, Japanese, Korean and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantapilot.pii.candidate import Candidate

_EASTERN = (
    "系统机器自动管理员匿名用户团队部门平台服务组账号未知无空审批流水线"
    "システム管理者担当自動未設定なし시스템관리자자동없음"
)


def eastern_name(candidate: Candidate) -> bool:
    """Accept Chinese, Japanese or Korean letters that are no role."""
    return not is_eastern_role(candidate.value)


def is_eastern_role(value: str) -> bool:
    """Tell whether a value holds a word for a role or a team."""
    return any(pair in _EASTERN for pair in _pairs(value))


def is_caseless(word: str) -> bool:
    """Tell whether a word is of a script without capitals."""
    return not word.isascii() and word.lower() == word.upper() and len(word) > 1


def _pairs(value: str) -> list[str]:
    return [value[at : at + 2] for at in range(len(value) - 1)] or [value]
