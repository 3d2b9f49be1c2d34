"""Words that mocks are made of: neutral sentences, addresses under example domains, plain names.

Nothing of a particular contract stands here, and nothing that could be taken for a person's. Which
of them a place takes, its schema says.
"""

from __future__ import annotations

SENTENCES = (
    "The step finished without warnings.",
    "The request was taken and waits for its turn.",
    "All checks passed on the second try.",
    "The limit was reached before the work was done.",
    "The service did not answer in time.",
    "Nothing has changed since the last version.",
    "The file is larger than allowed.",
    "The plan covers three steps and a review.",
    "The result was stored and can be read now.",
    "The connection was closed before the answer was complete.",
    "The input was checked and is complete.",
    "The queue is empty again.",
    "Two of five tasks are done.",
    "The budget of this hour is used up.",
    "The change is small and needs no migration.",
    "The work goes on where it stopped.",
)
TITLES = (
    "Not found",
    "Too many requests",
    "Out of time",
    "Weekly report",
    "First draft",
    "Small change",
    "Not available",
    "Ready for review",
)
# Where even these are too long.
SHORT = ("Done.", "ok", "x")

SLUGS = ("build", "review", "release", "checks", "draft", "import", "export", "cleanup")
CODES = ("TIMEOUT", "NOT_FOUND", "UNAVAILABLE", "LIMIT_REACHED", "CONFLICT", "BAD_INPUT")
BRANCHES = ("main", "develop", "feature/search", "fix/timeout", "docs/update", "release/1.4")
ADDRESSES = (
    "https://git.example.com/team/project",
    "https://git.example.org/tools/parser",
    "https://api.example.net/v1/items",
    "https://www.example.com/docs/start",
    "https://example.org/help",
    "https://example.com",
)
REPOSITORIES = (
    "https://git.example.com/team/project",
    "https://git.example.org/tools/parser",
    "https://git.example.net/docs/handbook",
)
FILES = ("src/app.py", "docs/index.md", "config/build.yml", "README.md", "settings.yaml", "app.yml")
PATHS = ("/service/worker", "/service/api", "/worker", "/api/items", "/", *FILES)
DOTTED = ("service.worker", "service.api", "jobs.nightly", "app.main")
VERSIONS = ("1.4.2", "2.0.0", "0.9.1", "1.0")
MEDIA = ("application/json", "text/plain", "text/csv")
CURRENCIES = ("EUR", "USD", "CHF", "JPY")
LANGUAGES = ("en", "de", "fr", "en-GB")
COUNTRIES = ("DE", "FR", "JP", "CA")
UNITS = ("piece", "kg", "m", "hour")
COLOURS = ("blue", "green", "grey", "red")

STATUSES = (200, 404, 409, 429, 500, 503)

# Which words in the name of a field call for what; the nearer the top, the sooner it is tried.
TOPICS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"repo", "repository"}), REPOSITORIES),
    (frozenset({"url", "uri", "href", "link", "homepage"}), ADDRESSES),
    (frozenset({"branch", "ref"}), BRANCHES),
    (frozenset({"file", "filename"}), FILES),
    (frozenset({"path", "source", "route", "instance", "endpoint"}), PATHS),
    (frozenset({"logger", "module", "topic", "channel"}), DOTTED),
    (frozenset({"contenttype", "mime", "media"}), MEDIA),
    (frozenset({"currency"}), CURRENCIES),
    (frozenset({"language", "locale", "lang"}), LANGUAGES),
    (frozenset({"country"}), COUNTRIES),
    (frozenset({"unit", "units"}), UNITS),
    (frozenset({"colour", "color"}), COLOURS),
    (frozenset({"code"}), CODES),
    (frozenset({"title", "heading", "subject", "label", "headline"}), TITLES),
    (
        frozenset({"message", "description", "reason", "detail", "details", "summary", "note"}),
        SENTENCES,
    ),
    (frozenset({"text", "comment", "remark", "body", "why", "content", "explanation"}), SENTENCES),
    (frozenset({"version", "release"}), VERSIONS),
)
