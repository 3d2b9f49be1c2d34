"""Apache Spark: a cluster looks at inputs, and what it finds is a DataFrame.

What travels is a plan and parts of inputs. A part that is looked at again, since its executor was
lost, gives the same rows in place of those before: so nothing is lost, and nothing counted twice.
Lines are counted from the beginning of a part, and put right when all parts of an input are known.
"""

from __future__ import annotations

import pickle
from collections import deque
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantapilot.config import Config
from quantapilot.errors import MissingExtraError, needing
from quantapilot.findings import Finding, Summary
from quantapilot.gate.outcomes import outcome
from quantapilot.gate.places import Places
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.scale import parts as cut
from quantapilot.scale.spark_worker import COUNTS, FINDING, SEEN, ddl, looked, utf8

with needing("spark", "looking at inputs with Apache Spark"):
    from pyspark.sql import Window, functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from quantapilot.gate.plan import Plan
    from quantapilot.inputs.sources import Source

# Bytes of a part, and of the small files that travel together: enough to be worth a task.
PART_BYTES: Final = 32 << 20
_PART: Final = {
    "task": "int",
    "input": "long",
    "part": "long",
    "path": "string",
    "size": "long",
    "work": "binary",
}


def parts(
    session: SparkSession,
    inputs: Iterable[Source | Finding],
    plan: Plan,
    part_bytes: int = PART_BYTES,
    *,
    root: Path | None = None,
) -> DataFrame:
    """Return inputs as a DataFrame of parts, those of each task in a partition of their own.

    The beginnings of large files are read here; executors read the files themselves, so that they
    need the same paths, or addresses that all of them reach.

    Args:
        session: The session of the cluster.
        inputs: Files and addresses, as `quantapilot.inputs.sources.sources` gives them; findings
            among them, such as that a file is missing, become findings of the result.
        plan: What they are looked at with.
        part_bytes: About how many bytes a part has, and a task.
        root: The project's folder, from which fingerprints name files; None is the current one.
    """
    scanner, places = plan.scanner(), Places(Config(root=root or Path()))
    order: deque[tuple[int, int]] = deque()
    rows: list[tuple[int, int, int, str, int, bytes]] = []

    def planned() -> Iterator[cut.Part]:
        for number, item in enumerate(inputs):
            found = item if isinstance(item, Finding) else _unportable(item)
            if found is not None:
                place = places.of(found.path)
                rows.append((0, number, 0, utf8(found.path), 0, pickle.dumps((found, place))))
            elif not isinstance(item, Finding):
                made = cut.parts(_anywhere(item), scanner, part_bytes)
                order.extend((number, place) for place in range(len(made)))
                yield from made

    tasks = 1
    for task, batch in enumerate(cut.batches(planned(), part_bytes)):
        tasks = task + 1
        for part in batch:
            label = part.source.label
            # What is at an address is known by it.
            place = label if part.source.path is None else places.of(label)
            held = pickle.dumps((part, place))
            rows.append((task, *order.popleft(), utf8(label), part.size, held))
    return session.createDataFrame(rows, ddl(_PART)).repartitionById(tasks, "task")


def look(parts: DataFrame, plan: Plan) -> DataFrame:
    """Return what is seen in parts: a row for each finding, and one for each part that counts.

    Whoever needs both its `findings` and its `summary` persists it, else each looks anew.
    """
    check_pandas()
    pickled = pickle.dumps(plan)

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return looked(pickled, batches)

    return parts.mapInArrow(rows, ddl(SEEN))


def findings(seen: DataFrame) -> DataFrame:
    """Return the findings among what `look` saw, with the columns that a JSON report has.

    All rules are reported, and nothing is excused: neither by comments, nor by configuration or
    baseline.
    """
    before = (
        Window.partitionBy("input")
        .orderBy("part", "at")
        .rowsBetween(Window.unboundedPreceding, Window.currentRow - 1)
    )
    # The last row of a part counts: so only the parts before are summed up. That the rest of an
    # input was not looked at is said by the first of them that could not go on.
    said = functions.coalesce(functions.max("ended").over(before), functions.lit(False))
    lines = functions.coalesce(functions.sum("ends").over(before), functions.lit(0))
    return (
        seen.withColumn("line", functions.col("line") + lines)
        .withColumn("said", said)
        .where("rule IS NOT NULL AND NOT (cut AND said)")
        .select(*FINDING)
    )


def summary(seen: DataFrame) -> Summary:
    """Return what was checked and found, and how that ends: the summary of a JSON report."""
    total = Summary(asked=True)
    counts = seen.agg(*(functions.sum(name).alias(name) for name in COUNTS)).first()
    for name in COUNTS:
        setattr(total, name, counts[name] or 0)
    alike = ("rule", "category", "severity", "class")
    for row in findings(seen).groupBy(*alike).count().collect():
        rule, category, severity, pii_class, count = row
        finding = Finding(rule, category, severity, "", "", "", "", pii_class)
        total.errors += count * (finding.severity == "error")
        total.warnings += count * (finding.severity != "error")
        total.by_rule[finding.rule] += count
        if finding.pii_class is not None:
            total.by_class[finding.pii_class] += count
        if (ends := outcome(finding)) is not None:
            total.outcomes.add(ends)
    return total


def _unportable(source: Source) -> Finding | None:
    """Return the finding of an input that no other machine can look at."""
    if cut.portable(source):
        return None
    reason = "can't be read by executors: name a file or an address"
    return INPUT_RULES["input/unreadable"].at(source.label, reason)


def _anywhere(source: Source) -> Source:
    """Return a source that means the same file whatever the current folder is."""
    return source if source.path is None else replace(source, path=source.path.absolute())


def check_pandas() -> None:
    """Tell what is missing, before PySpark does: its `mapInArrow` asks for pandas.

    Raises:
        MissingExtraError: There is no pandas.
    """
    if find_spec("pandas") is None:
        raise MissingExtraError("spark", "mapInArrow of PySpark, which asks for pandas,")
