"""How well a text of a page stands out from its ground, as WCAG 2.2 measures it."""

from __future__ import annotations

import re

# Text and ground of an element, as a browser computes them.
COLOURS = """(element) => {
  const ground = (at) => {
    const colour = getComputedStyle(at).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && at.parentElement ? ground(at.parentElement) : colour;
  };
  return [getComputedStyle(element).color, ground(element)];
}"""


def _channels(colour: str) -> list[float]:
    numbers = [float(part) for part in re.findall(r"[\d.]+", colour)]
    assert colour.startswith("rgb"), colour
    assert len(numbers) == 3 or numbers[3] == 1, colour
    return numbers[:3]


def luminance(colour: str) -> float:
    """Return the relative luminance of a CSS colour (WCAG 2.2)."""
    parts = [part / 255 for part in _channels(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two CSS colours (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
