"""Programs with a guard: what they print when nobody catches, warns, or configures anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guards.md"
START = """
import asyncio, logging, sys, threading, warnings
from quantapilot.guard import install
guard = install({policy!r})
MAIL = "@".join(["alice", "example.org"])
"""
# What a program does, and what its standard error shows under `block`.
PROGRAMS = {
    "uncaught": ('raise ValueError("alice@example.org")', r"in <module>\nValueError\nTexts were"),
    "cause": (
        """
        try:
            {}[MAIL]
        except KeyError as error:
            raise ValueError("odd") from error
        """,
        r"KeyError\nTraceback .*\n  File .*\nValueError\nTexts were left out: pii/email",
    ),
    "note": ("error = ValueError(); error.add_note(MAIL); raise error", r"ValueError\nTexts"),
    "group": (
        'raise ExceptionGroup("all", [ValueError(MAIL), TypeError("x")])',
        r"ExceptionGroup\nTexts",
    ),
    "thread": (
        """
        def work():
            raise ValueError(MAIL)
        thread = threading.Thread(target=work, name="for " + MAIL)
        thread.start()
        thread.join()
        """,
        r"Exception in thread for <email>:\nTraceback .*\nValueError\nTexts",
    ),
    "del": (
        """
        class Customer:
            def __del__(self):
                raise ValueError(MAIL)
            def __repr__(self):
                return MAIL
        Customer()
        """,
        r"Exception ignored in: .*__del__.*\nTraceback .*\nValueError\nTexts",
    ),
    "task": (
        """
        async def work():
            raise ValueError(MAIL)
        async def main():
            task = asyncio.create_task(work(), name="for " + MAIL)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
        asyncio.run(main())
        """,
        r"log record blocked: pii/email in message",
    ),
    "callback": (
        """
        async def main():
            def call(who):
                raise ValueError(who)
            asyncio.get_running_loop().call_soon(call, MAIL)
            await asyncio.sleep(0)
        asyncio.run(main(), debug=True)
        """,
        r"log record blocked: pii/email in ",
    ),
    "warning": ("warnings.warn(MAIL)", r"UserWarning: warning text left out: pii/email\n"),
    "warning's source": (
        'warnings.warn("odd")  # alice@example.org',
        r"UserWarning: warning text left out: found\n",
    ),
    "warning that is logged": (
        "logging.basicConfig(); logging.captureWarnings(True); warnings.warn(MAIL)",
        r"warning text left out: pii/email",
    ),
    "last resort": ('logging.error("for %s", MAIL)', r"log record blocked: pii/email in message"),
    "basicConfig": (
        """
        logging.basicConfig(force=True, format="%(user)s")
        logging.error("hi", extra={"user": MAIL})
        """,
        r"<redacted>\n",
    ),
    "text that can't be made": (
        """
        class Odd(Exception):
            def __str__(self):
                raise ValueError(MAIL)
        raise Odd(MAIL)
        """,
        r"Odd: <exception str\(\) failed>",
    ),
    "attribute that is suggested": (
        """
        class Counts: pass
        setattr(Counts, MAIL, 1)
        getattr(Counts(), "olive@example_org")
        """,
        r"AttributeError(: 'Counts' object has no attribute 'olive@example_org')?\n",
    ),
    "name that is suggested": (
        """
        exec("olive_example_org", {MAIL: 1})
        """,
        r"NameError(: name 'olive_example_org' is not defined)?\n",
    ),
    "own hook": (
        """
        sys.excepthook = lambda *args: print(args)
        guard.uninstall()
        guard = install("block")
        raise ValueError(MAIL)
        """,
        r"ValueError\nTexts",
    ),
}


def run(folder: Path, text: str, policy: str | None = "block") -> subprocess.CompletedProcess[str]:
    start = START.format(policy=policy)
    if policy is None:
        start = "\n".join("" if "guard" in line else line for line in start.split("\n"))
    file = folder / "program.py"
    file.write_text(start + dedent(text) + "\n", "utf-8")
    return subprocess.run(
        [sys.executable, file.name],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_program_prints_a_value(name: str, tmp_path: Path) -> None:
    text, shown = PROGRAMS[name]
    done = run(tmp_path, text)
    assert "alice" not in done.stdout + done.stderr
    assert re.search(shown, done.stderr, re.DOTALL), done.stderr
    crashes = name in {
        "uncaught", "cause", "note", "group", "text that can't be made", "own hook",
        "attribute that is suggested", "name that is suggested",
    }  # fmt: skip
    assert done.returncode == int(crashes)


@pytest.mark.parametrize("policy", ["redact", "raise"])
def test_no_program_prints_a_value_under_another_policy(policy: str, tmp_path: Path) -> None:
    told = "sys.excepthook(*sys.exc_info())"
    parts = [
        f"try:\n    exec({dedent(text)!r})\nexcept Exception:\n    {told}\n"
        for name, (text, _) in PROGRAMS.items()
        if name != "own hook"
    ]
    done = run(tmp_path, "".join([*parts, "print('to the end')"]), policy)
    assert "alice" not in done.stdout + done.stderr
    assert (done.returncode, done.stdout) == (0, "to the end\n")
    if policy == "redact":
        assert done.stderr.count("<email>") >= len(parts) - 2
    else:
        assert done.stderr.count("log record refused: pii/email in ") == 2


CLEAN = {
    "uncaught": """
        def work(number):
            try:
                {}[number]
            except KeyError as error:
                raise ValueError("odd number") from error
        work(7)
        """,
    "group": 'raise ExceptionGroup("all", [ValueError("odd"), TypeError("x")])',
    "thread": """
        thread = threading.Thread(target=lambda: 1 / 0, name="worker")
        thread.start()
        thread.join()
        """,
    "warning": 'warnings.warn("odd number", stacklevel=1)',
    "last resort": 'logging.warning("odd %s", "number")',
    "handler that is missing a field": 'logging.basicConfig(format="%(x)s"); logging.error("a")',
}


@pytest.mark.parametrize("name", list(CLEAN)[:-1])
def test_what_is_clean_is_printed_byte_for_byte(name: str, tmp_path: Path) -> None:
    bare, guarded = run(tmp_path, CLEAN[name], None), run(tmp_path, CLEAN[name])
    assert guarded.stderr == bare.stderr
    assert guarded.returncode == bare.returncode
    assert bare.stderr


def test_a_program_that_exits_on_purpose_prints_nothing_else(tmp_path: Path) -> None:
    done = run(tmp_path, "threading.Thread(target=sys.exit).start(); sys.exit(3)", "block")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_is_guarded_too(tmp_path: Path) -> None:
    text = """
        import os
        child = os.fork()
        logging.error("for %s", MAIL)
        if child:
            assert os.waitpid(child, 0)[1] == 0
        else:
            os._exit(0)
        """
    done = run(tmp_path, text)
    assert done.stderr.count("blocked: pii/email in message") == 2
    assert "alice" not in done.stderr


def test_hooks_are_as_they_were_after_the_guard(tmp_path: Path) -> None:
    text = """
        guard.uninstall()
        now = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.formatwarning
        with install():
            inside = sys.excepthook, threading.excepthook, sys.unraisablehook
            assert sys.__excepthook__ not in inside
        assert now == (
            sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.formatwarning
        )
        assert sys.excepthook is sys.__excepthook__
        raise ValueError(MAIL)
        """
    assert run(tmp_path, text).stderr.endswith("ValueError: alice@example.org\n")


def test_importing_the_guard_loads_nothing_heavy(tmp_path: Path) -> None:
    text = """
        import sys
        import quantapilot.guard
        light = {"re2", "asyncio", "structlog", "pydantic", "aiohttp", "jsonschema_rs", "orjson"}
        assert not light & set(sys.modules), light & set(sys.modules)
        quantapilot.guard.install().uninstall()
        heavy = {"asyncio", "structlog", "pydantic", "aiohttp", "jsonschema_rs", "phonenumbers"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """
    file = tmp_path / "program.py"
    file.write_text(dedent(text), "utf-8")
    subprocess.run([sys.executable, file], check=True, cwd=tmp_path)


def blocks() -> list[str]:
    tokens = MarkdownIt("commonmark").parse(PAGE.read_text("utf-8"))
    return [each.content for each in tokens if each.type == "fence" and each.info == "python"]


def test_the_programs_of_the_page_print_what_it_says(tmp_path: Path) -> None:
    assert len(blocks()) == 4
    for number, text in enumerate(blocks()):
        file = tmp_path / str(number) / "app.py"
        file.parent.mkdir()
        file.write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, file.name],
            cwd=file.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        *_, last = text.strip().split("\n\n")
        expected = [line.removeprefix("# ") for line in last.splitlines() if line[:2] == "# "]
        assert expected, f"block {number} shows nothing"
        assert (done.stdout + done.stderr).splitlines() == expected
