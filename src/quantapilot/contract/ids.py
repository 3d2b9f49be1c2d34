"""Ids as the packaged contract writes them: of runs and events, and of projects.

They are judged at every request and in every answer, before anything else is known of those: by
patterns that need no schema. A test holds them to say what the schema says.
"""

from __future__ import annotations

from quantapilot.patterns import lazy

# As the schema has it: its beginning by a pattern, the rest by the format `uuid` (RFC 4122), which
# takes any variant, and capitals too.
UUID = lazy(r"[0-9a-f]{8}-[0-9a-f]{4}-[3457][0-9A-Fa-f]{3}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
PROJECT = lazy(
    r"proj_[A-Za-z0-9]{1,40}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[3457][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
