"""How `jsonsubschema` judges the table of schema versions that `qp diff` is held to.

```console
python -m benchmarks.compat_peers ENVIRONMENT/bin/python
```

It needs an environment of its own with `jsonsubschema`; each comparison has three seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.schema_pairs import DIRECTIONS, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

# What runs in the other environment: a pair of schemas a line, an answer a line. Each is judged in
# a process of its own: nothing else ends a comparison that is lost in an automaton.
_PROGRAM = """
import json, os, signal, sys
from jsonsubschema import isSubschema
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(3)
        try:
            said = "compatible" if isSubschema(*json.loads(line)) else "breaking"
        except BaseException as error:
            said = type(error).__name__
        os.write(sender, said.encode())
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    print(os.read(receiver, 99).decode() or "nothing", file=answers, flush=True)
    os.close(receiver)
"""


def judged(python: str, lines: Iterable[str]) -> list[str]:
    """Return what the other tool says of each line; its errors by the names of their types."""
    ran = subprocess.run(
        [python, "-c", _PROGRAM],
        input="\n".join(lines),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return ran.stdout.split()


def main(python: str) -> None:
    """Print how often which label got which answer."""
    cases = [(pair, direction) for pair in pairs() for direction in DIRECTIONS]
    answers = judged(python, [json.dumps(pair.versions(way)) for pair, way in cases])
    count = Counter(
        ("breaking" if way in pair.breaks else "compatible", answer)
        for (pair, way), answer in zip(cases, answers, strict=True)
    )
    for (label, answer), times in sorted(count.items()):
        print(f"{label:10}  answered {answer:24} {times:4}")


if __name__ == "__main__":
    main(sys.argv[1])
