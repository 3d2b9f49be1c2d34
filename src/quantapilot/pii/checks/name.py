"""What makes a person's name of some words: the checks that the rules of names may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.pii.checks.name_cue import cued_name, initialled_name, titled_name
from quantapilot.pii.checks.name_eastern import eastern_name
from quantapilot.pii.checks.name_field import listed_person, person_name, person_name_part
from quantapilot.pii.checks.name_login import (
    branch_owner,
    home_owner,
    login,
    machine_of,
    mentioned_login,
    personal_login,
    tilde_owner,
)
from quantapilot.pii.checks.name_text import listed_name

if TYPE_CHECKING:
    from quantapilot.pii.candidate import Check

CHECKS: dict[str, Check] = {
    "branch_owner": branch_owner,
    "cued_name": cued_name,
    "eastern_name": eastern_name,
    "home_owner": home_owner,
    "initialled_name": initialled_name,
    "listed_name": listed_name,
    "listed_person": listed_person,
    "login": login,
    "machine_of": machine_of,
    "mentioned_login": mentioned_login,
    "person_name": person_name,
    "person_name_part": person_name_part,
    "personal_login": personal_login,
    "tilde_owner": tilde_owner,
    "titled_name": titled_name,
}
