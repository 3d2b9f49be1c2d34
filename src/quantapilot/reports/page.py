"""What pages have in common that ask no network: their house style, and a policy that holds them.

The style and the one script of such a page stand in it, and its Content Security Policy lets
those two work and nothing else.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files as resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def house_style() -> str:
    """Return the style that all pages begin with: colours, type, and what a browser adds undone."""
    return resource(__package__, "house.css")


def resource(package: str, name: str) -> str:
    """Return the text of a file that stands beside the modules of a package."""
    return resources(package).joinpath(name).read_text(encoding="utf-8")


def filled(template: str, parts: Mapping[str, str]) -> str:
    """Return a template with `{name}` replaced by each part; what a part holds stays as it is."""
    names = "|".join(map(re.escape, parts))
    return re.sub(f"{{({names})}}", lambda found: parts[found[1]], template)


def policy(style: str, script: str) -> str:
    """Return the Content Security Policy of a page with one style and one script (CSP level 3)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
