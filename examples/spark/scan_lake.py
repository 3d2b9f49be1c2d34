"""Personal data in a lake: Apache Spark looks at files, and writes findings and summary.

    spark-submit examples/spark/scan_lake.py OUT PATH...

OUT gets the folder `findings` with a finding a line, and `summary.json`. A PATH is a file, a
folder, a pattern or an address, the same on all machines. Exit codes are those of `qp scan`:
0 clean, 1 findings, 3 nothing to check, 4 could not check.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from quantapilot.config import load_config
from quantapilot.gate.plan import plan_for
from quantapilot.inputs.sources import sources
from quantapilot.reports.json_ import summary_fields
from quantapilot.scale.spark import findings, look, parts, summary


def main(out: Path, paths: list[str]) -> int:
    """Look at the paths and return the exit code."""
    session = SparkSession.builder.appName("qp scan").getOrCreate()
    # The project's rules and settings travel to the executors; its files need not be there.
    config = load_config()
    plan = plan_for(config)
    inputs = sources(paths, config.exclude, root=config.root)
    # Kept, so that findings and summary come from one look.
    seen = look(parts(session, inputs, plan, root=config.root), plan).persist()
    findings(seen).write.json(str(out / "findings"), ignoreNullFields=False)
    total = summary(seen)
    (out / "summary.json").write_text(json.dumps(summary_fields(total)), "utf-8")
    return total.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
