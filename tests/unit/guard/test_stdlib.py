"""The guard of `logging`: whatever is logged, however it is written, no value gets out."""

from __future__ import annotations

import io
import logging
import logging.config
import logging.handlers
import pickle
import queue
import re
import sys
import threading
import urllib.parse
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.config import Config
from quantapilot.errors import ConfigError
from quantapilot.findings import LogRefusedError
from quantapilot.guard import Guard, JsonFormatter, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from quantapilot.guard.records import Policy

MAIL = "alice@example.org"
CONFIG = Config()
POLICIES: list[Policy] = ["block", "redact", "raise"]
WITH_USER = logging.Formatter("%(levelname)s %(message)s [%(user)s]", defaults={"user": ""})


class Customer:
    """An object whose text holds a value."""

    def __repr__(self) -> str:
        return f"<Customer {MAIL}>"


class Quiet:
    """An object whose attributes hold what its text does not show."""

    def __init__(self) -> None:
        self.mail = MAIL

    def __repr__(self) -> str:
        return "<Quiet>"


class Named:
    """An object whose text does not show what its repr shows."""

    def __str__(self) -> str:
        return "u17"

    def __repr__(self) -> str:
        return f"<Named {MAIL}>"


class OddError(Exception):
    """An error whose text is not what it was made of."""

    def __str__(self) -> str:
        return f"for {self.args[0]['who']}"


class SilentError(Exception):
    """An error whose text does not show what it was made of."""

    def __str__(self) -> str:
        return "silent"


def raised(log: logging.Logger, error: BaseException, cause: BaseException | None = None) -> None:
    try:
        raise error from cause  # noqa: TRY301
    except BaseException:
        log.exception("failed")


def noted() -> Exception:
    error = ValueError("odd")
    error.add_note(f"asked by {MAIL}")
    return error


def factory_made(log: logging.Logger) -> None:
    class Braces(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802
            return str(self.msg).format(*self.args or ())

    log.handle(Braces(log.name, 40, __file__, 1, "for {}", (MAIL,), None))


def prefixed(log: logging.Logger) -> None:
    class Prefixed(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802
            return f"{MAIL}: {super().getMessage()}"

    log.handle(Prefixed(log.name, 40, __file__, 1, "hi", (), None))


def slotted(log: logging.Logger) -> None:
    class Slotted(logging.LogRecord):
        __slots__ = ("user",)

        def getMessage(self) -> str:  # noqa: N802
            return f"{MAIL}: {super().getMessage()}"

    log.handle(Slotted(log.name, 40, __file__, 1, "hi", (), None))


PATHS: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda log: log.error("for " + MAIL),
    "argument": lambda log: log.error("for %s", MAIL),
    "object": lambda log: log.error("for %s", Customer()),
    "object's repr": lambda log: log.error("for %r", [Customer()]),
    "split arguments": lambda log: log.error("%s@%s", "alice", "example.org"),
    "mapping": lambda log: log.error("for %(user)s", {"user": MAIL}),
    "argument not shown": lambda log: log.error("for %.1s", MAIL),
    "mapping not shown": lambda log: log.error(*("nothing", {"user": MAIL})),
    "object as the message": lambda log: log.error(Customer()),
    "error as the message": lambda log: log.error(ValueError(MAIL)),
    "extra": lambda log: log.error("hi", extra={"user": MAIL}),
    "object in extra": lambda log: log.error("hi", extra={"user": Customer()}),
    "container in extra": lambda log: log.error("hi", extra={"user": {"mail": [MAIL]}}),
    "hidden in extra": lambda log: log.error("hi", extra={"user": [Quiet()]}),
    "name in extra": lambda log: log.error("hi", extra={MAIL: "x"}),
    "exception": lambda log: raised(log, ValueError(MAIL)),
    "odd exception": lambda log: raised(log, OddError({"who": MAIL})),
    "exception that does not show it": lambda log: raised(log, SilentError(MAIL)),
    "cause": lambda log: raised(log, ValueError("odd"), KeyError(MAIL)),
    "note": lambda log: raised(log, noted()),
    "group": lambda log: raised(log, ExceptionGroup("all", [ValueError(MAIL), TypeError("x")])),
    "stack": lambda log: log.error("hi", stack_info=True),  # alice@example.org
    "format that fails": lambda log: log.error("%d", MAIL),
    "format with too few": lambda log: log.error(*("%s %s", MAIL)),
    "record of another class": factory_made,
    "text that a record's class makes": prefixed,
    "text that a class with slots makes": slotted,
    "private name in extra": lambda log: log.error("hi", extra={"_user": Named()}),
    "level's name": lambda log: log.handle(
        logging.makeLogRecord({"name": log.name, "levelname": MAIL, "levelno": 40, "msg": "hi"})
    ),
    "file's name": lambda log: log.handle(
        logging.LogRecord(log.name, 40, MAIL, 1, "hi", (), None, "f", "")
    ),
}


class Sink:
    """Where records go, and all that got there."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        return self.stream.getvalue() + "".join(self.parts)


class RawHandler(logging.Handler):
    """Writes what a record holds, and asks no formatter."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self.sink.parts.append(repr(sorted(vars(record).items(), key=lambda item: item[0])))
        self.sink.parts.append(record.getMessage())


class PickleHandler(logging.handlers.SocketHandler):
    """Pickles as for a socket."""

    def __init__(self, sink: Sink) -> None:
        super().__init__("localhost", None)
        self.sink = sink

    def send(self, s: Buffer) -> None:
        data = bytes(s)
        self.sink.parts += [data.decode("latin-1"), repr(pickle.loads(data[4:]))]


class FormHandler(logging.handlers.HTTPHandler):
    """Makes a form as for a server."""

    def __init__(self, sink: Sink) -> None:
        super().__init__("localhost", "/")
        self.sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self.sink.parts.append(urllib.parse.unquote(urllib.parse.urlencode(vars(record))))


def stream(sink: Sink, formatter: logging.Formatter | None = None) -> logging.Handler:
    handler = logging.StreamHandler(sink.stream)
    handler.setFormatter(formatter)
    return handler


@contextmanager
def queued(sink: Sink, log: logging.Logger) -> Iterator[None]:
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    log.addHandler(logging.handlers.QueueHandler(lines))
    listener = logging.handlers.QueueListener(lines, stream(sink, WITH_USER), RawHandler(sink))
    listener.start()
    try:
        yield
    finally:
        listener.stop()


@contextmanager
def buffered(sink: Sink, log: logging.Logger) -> Iterator[None]:
    memory = logging.handlers.MemoryHandler(99, flushLevel=99, target=stream(sink, WITH_USER))
    log.addHandler(memory)
    try:
        yield
    finally:
        memory.close()


@contextmanager
def late_class(sink: Sink, log: logging.Logger) -> Iterator[None]:
    class Late(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sink.parts.append(self.format(record))

    handler = Late()
    handler.setFormatter(WITH_USER)
    log.addHandler(handler)
    yield


@contextmanager
def filtered(sink: Sink, log: logging.Logger) -> Iterator[None]:
    def add(record: logging.LogRecord) -> bool:
        vars(record)["account"] = record.message = MAIL
        return True

    raw = RawHandler(sink)
    raw.addFilter(add)
    log.addHandler(raw)
    log.addHandler(RawHandler(sink))
    yield


@contextmanager
def configured(sink: Sink, log: logging.Logger) -> Iterator[None]:
    logging.Logger.manager.loggerDict[log.name] = log
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "incremental": False,
            "formatters": {"own": {"format": "%(asctime)s %(name)s %(message)s"}},
            "handlers": {
                "own": {
                    "class": "logging.StreamHandler",
                    "stream": sink.stream,
                    "formatter": "own",
                }
            },
            "loggers": {log.name: {"handlers": ["own"], "level": "DEBUG", "propagate": False}},
        }
    )
    yield
    del logging.Logger.manager.loggerDict[log.name]


@contextmanager
def last_resort(sink: Sink, log: logging.Logger) -> Iterator[None]:  # noqa: ARG001
    yield


def simple(*make: Callable[[Sink], logging.Handler]) -> Any:
    @contextmanager
    def use(sink: Sink, log: logging.Logger) -> Iterator[None]:
        for each in make:
            log.addHandler(each(sink))
        yield

    return use


SINKS = {
    "stream": simple(stream),
    "stream with own format": simple(lambda sink: stream(sink, WITH_USER)),
    "json": simple(lambda sink: stream(sink, JsonFormatter(config=CONFIG))),
    "queue": queued,
    "memory": buffered,
    "class made later": late_class,
    "pickle": simple(PickleHandler),
    "form": simple(FormHandler),
    "raw": simple(RawHandler),
    "all": simple(stream, RawHandler, lambda sink: stream(sink, WITH_USER), PickleHandler),
    "filter that adds": filtered,
    "dictConfig": configured,
    "last resort": last_resort,
}


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    made = logging.Logger("guarded")
    made.propagate = False
    made.setLevel(logging.DEBUG)
    # The manager does not know it, and so pytest puts no handler of its own there.
    yield made
    for handler in made.handlers:
        handler.close()


def write(log: logging.Logger, path: Callable[[logging.Logger], None]) -> bool:
    """Log, and tell whether it was refused."""
    try:
        path(log)
    except LogRefusedError as error:
        assert "alice" not in f"{error}{error!r}{error.findings}"  # noqa: PT017
        return True
    return False


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("sink", SINKS)
def test_no_value_gets_out(
    sink: str, policy: Policy, log: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    leaks = []
    for name, path in PATHS.items():
        target = Sink()
        with install(policy, config=CONFIG, hooks=False), SINKS[sink](target, log):
            refused = write(log, path)
        for handler in list(log.handlers):
            log.removeHandler(handler)
        out, err = capfd.readouterr()
        text = target.text + out + err
        if "alice" in text or "example.org" in text:
            leaks.append((name, text))
        if not refused and sink != "filter that adds":
            assert text, f"{name} was not written at all"
    assert leaks == []


@pytest.mark.parametrize("policy", POLICIES)
def test_what_a_handlers_own_filter_adds_does_not_get_out(
    policy: Policy, log: logging.Logger
) -> None:
    class Adding(RawHandler):
        def filter(self, record: logging.LogRecord) -> bool:
            record.user = MAIL
            return bool(super().filter(record))

    sink = Sink()
    log.addHandler(Adding(sink))
    with install(policy, config=CONFIG, hooks=False):
        write(log, lambda log: log.error("hi"))
    assert "alice" not in sink.text


@pytest.mark.parametrize("policy", POLICIES)
def test_what_a_filter_changes_within_a_field_does_not_get_out(
    policy: Policy, log: logging.Logger
) -> None:
    def add(record: logging.LogRecord) -> bool:
        vars(record)["context"]["users"].append(MAIL)
        return True

    sink = Sink()
    raw = RawHandler(sink)
    raw.addFilter(add)
    log.addHandler(raw)
    log.addHandler(RawHandler(sink))
    with install(policy, config=CONFIG, hooks=False):
        write(log, lambda log: log.error("hi", extra={"context": {"users": []}}))
    assert "alice" not in sink.text


@pytest.mark.parametrize("policy", POLICIES)
def test_a_traceback_that_a_formatter_leaves_in_a_record_does_not_get_out(
    policy: Policy, log: logging.Logger
) -> None:
    class Locals(logging.Formatter):
        def formatException(self, ei: Any) -> str:  # noqa: N802
            return f"{ei[0].__name__} with user={MAIL}"

    sink = Sink()
    handler = PickleHandler(sink)
    handler.setFormatter(Locals())
    log.addHandler(handler)
    with install(policy, config=CONFIG, hooks=False):
        write(log, lambda log: raised(log, ValueError("odd")))
    assert "alice" not in sink.text


@pytest.mark.parametrize("policy", POLICIES)
def test_a_line_that_shows_itself_as_another_is_judged_as_it_is_written(
    policy: Policy, log: logging.Logger
) -> None:
    class Masked(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "***"

    class Masking(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:  # noqa: ARG002
            return Masked(MAIL)

    sink = Sink()
    log.addHandler(stream(sink, Masking()))
    with install(policy, config=CONFIG, hooks=False):
        write(log, lambda log: log.error("hi"))
    assert "alice" not in sink.text


@pytest.mark.parametrize("path", ["message", "extra", "exception", "split arguments"])
def test_refusing_writes_nothing(path: str, log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install("raise", config=CONFIG, hooks=False):
        with pytest.raises(LogRefusedError, match="pii/email") as caught:
            PATHS[path](log)
        assert {each.rule for each in caught.value.findings} == {"pii/email"}
        assert "alice" not in repr(caught.value.findings)
        log.error("go on")
    assert sink.text == "go on\n"


def test_a_line_that_only_the_format_makes_dirty_is_refused_at_the_call(
    log: logging.Logger,
) -> None:
    sink = Sink()
    log.addHandler(stream(sink, logging.Formatter("%(a)s@%(b)s %(message)s")))
    extra = {"a": "alice", "b": "example.org"}
    with install("raise", config=CONFIG, hooks=False), pytest.raises(LogRefusedError, match="line"):
        log.error("hi", extra=extra)
    assert sink.text == ""
    with install("redact", config=CONFIG, hooks=False):
        log.error("hi", extra=extra)
    assert sink.text == "<email> hi\n"
    with install("block", config=CONFIG, hooks=False):
        log.error("hi", extra=extra)
    assert "pii/email in line" in sink.text
    assert "alice" not in sink.text


def test_a_blocked_record_keeps_what_finds_the_place_again(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink, logging.Formatter("%(levelname)s %(name)s %(run)s %(message)s")))
    run = "364df606-bf9b-42ca-aba7-179579c9d3d8"
    with install(config=CONFIG, hooks=False):
        log.error("for %s", MAIL, extra={"run": run})
    assert re.fullmatch(
        rf"ERROR guarded {run} log record blocked: pii/email in message "
        r"\(test_stdlib\.py:\d+\)\n",
        sink.text,
    )


def test_a_blocked_exception_keeps_files_lines_functions_and_types(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install(config=CONFIG, hooks=False):
        PATHS["cause"](log)
    assert "pii/email in exception" in sink.text
    assert "KeyError\n" in sink.text
    assert sink.text.endswith("ValueError\n")
    assert re.search(r'File ".*test_stdlib\.py", line \d+, in raised', sink.text)


def test_redacting_keeps_the_rest_of_line_traceback_and_fields(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink, WITH_USER))
    with install("redact", config=CONFIG, hooks=False):
        log.warning("for %s at %d", MAIL, 3, extra={"user": {"mail": MAIL, "n": 1}})
        PATHS["exception"](log)
    assert sink.text.startswith("WARNING for <email> at 3 [{'mail': '<email>', 'n': 1}]\n")
    assert sink.text.endswith("ValueError: <email>\n")


def test_formatters_that_count_arguments_still_find_them_after_redaction(
    log: logging.Logger,
) -> None:
    class Access(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            assert isinstance(record.args, tuple)
            who, status = record.args
            return f"{status} {who}"

    sink = Sink()
    log.addHandler(stream(sink, Access()))
    with install("redact", config=CONFIG, hooks=False):
        log.error("%s got %d", MAIL, 200)
    with install("block", config=CONFIG, hooks=False):
        log.error("%s got %d", MAIL, 200)
    first, second = sink.text.splitlines()
    assert first == "200 <email>"
    assert second.startswith("ERROR: log record blocked: pii/email in message")


CLEAN: list[Callable[[logging.Logger], None]] = [
    lambda log: log.info("GET /health 200 in %d ms", 3),
    lambda log: log.info("run %s queued", "364df606-bf9b-42ca-aba7-179579c9d3d8"),
    lambda log: log.info("a\nb\r\n\tc \u00e9\u4e16 \x1b[1mbold\x1b[0m"),
    lambda log: log.info("{'a': %s}", {"b": [1, 2.5, None]}),
    lambda log: log.info("%(a)s", {"a": 1}),
    lambda log: log.info("hi", extra={"user": "u-17", "n": 1}),
    lambda log: log.info("hi", extra={"user": ("a", {"b": 2})}),
    lambda log: log.info('{"n": 1, "step": "clone"}'),
    lambda log: log.info("lone \ud800 surrogate"),
    lambda log: raised(log, ValueError("odd"), KeyError("k")),
    lambda log: log.info("hi", stack_info=True),
    lambda log: log.info(17),
    lambda log: log.info(""),
]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("number", range(len(CLEAN)))
def test_clean_lines_pass_byte_for_byte(policy: Policy, number: int, log: logging.Logger) -> None:
    bare, guarded = Sink(), Sink()
    handler = logging.StreamHandler(bare.stream)
    handler.setFormatter(WITH_USER)
    log.addHandler(handler)
    for sink, guard in ((bare, None), (guarded, install)):
        handler.setStream(sink.stream)
        with guard(policy, config=CONFIG, hooks=False) if guard else last_resort(sink, log):
            CLEAN[number](log)
    # Both stand in one stack, at two lines of it.
    assert lines_alike(guarded.text) == lines_alike(bare.text)
    assert guarded.text


def lines_alike(text: str) -> str:
    return re.sub(r"line \d+", "line N", text)


def test_a_clean_record_stays_the_very_same_objects(log: logging.Logger) -> None:
    seen: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = seen.append  # type: ignore[method-assign, assignment]
    log.addHandler(handler)
    with install(config=CONFIG, hooks=False):
        log.info("at %d", 3, extra={"n": 1})
    assert (seen[0].msg, seen[0].args, vars(seen[0])["n"]) == ("at %d", (3,), 1)
    before = logging.LogRecord("a", 20, __file__, 1, "x", (), None)
    assert vars(seen[0]).keys() - vars(before).keys() == {"n"}


def test_a_home_folder_in_a_traceback_is_replaced_and_nothing_else(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    code = compile("raise ValueError('odd')", "/home/alice/app/main.py", "exec")
    for policy in POLICIES:
        with install(policy, config=CONFIG, hooks=False):
            try:
                exec(code, {})
            except ValueError:
                log.exception("failed")
    assert sink.text.count("ValueError: odd") == 3
    assert sink.text.count("main.py") == 3
    assert "alice" not in sink.text


def test_the_file_that_a_record_comes_from_tells_no_home_folder(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink, logging.Formatter("%(pathname)s %(message)s")))
    with install("raise", config=CONFIG, hooks=False):
        for _ in range(2):
            exec(compile("log.error('hi')", "/home/alice/app/main.py", "exec"), {"log": log})
    first, second = sink.text.splitlines()
    assert first == second
    assert first.endswith("/app/main.py hi")
    assert "alice" not in first


class Broken:
    """An object that has no text."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError(MAIL), RecursionError(MAIL), MemoryError(), LogRefusedError("x")]
)
@pytest.mark.parametrize("policy", POLICIES)
def test_what_can_not_be_rendered_is_replaced_and_the_program_goes_on(
    policy: Policy,
    error: Exception,
    log: logging.Logger,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sink = Sink()
    log.addHandler(stream(sink, WITH_USER))
    with install(policy, config=CONFIG, hooks=False):
        log.error("for %s", Broken(error))
        log.error("hi", extra={"user": Broken(error)})
        log.error("go on")
    named = rf"log record could not be checked: {type(error).__name__} \(test_stdlib.py:\d+\)"
    assert re.fullmatch(
        rf"ERROR {named} \[\]\nERROR {named} \[<redacted>\]\nERROR go on \[\]\n", sink.text
    )
    assert "alice" not in "".join(capfd.readouterr())


def test_a_detector_that_fails_lets_no_line_through(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink()
    log.addHandler(stream(sink))

    def fails(*_: object, **__: object) -> bool:
        raise RuntimeError(MAIL)

    with install("raise", config=CONFIG, hooks=False) as guard:
        for name in ("_proves", "rules", "clean", "proves", "redacted"):
            monkeypatch.setattr(guard._check, name, fails)
            log.error("for %s", MAIL)
            PATHS["exception"](log)
            log.error("quiet")
    assert "alice" not in sink.text
    assert sink.text.count("could not be checked: RuntimeError") >= 5


def test_an_object_that_logs_while_it_is_rendered_does_not_confuse_the_guard(
    log: logging.Logger,
) -> None:
    class Chatty:
        def __str__(self) -> str:
            log.error("inner for %s", MAIL)
            return f"outer {MAIL}"

    class Endless:
        def __str__(self) -> str:
            log.error("again %s", self)
            return MAIL

    sink = Sink()
    log.addHandler(stream(sink))
    limit = sys.getrecursionlimit()
    with install("redact", config=CONFIG, hooks=False):
        log.error("for %s", Chatty())
        log.error("for %s", Endless())
        log.error("go on")
    assert sink.text.startswith("inner for <email>\nfor outer <email>\n")
    assert sink.text.endswith("go on\n")
    assert "alice" not in sink.text
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("policy", POLICIES)
def test_a_line_over_the_limit_is_replaced_unchecked(policy: Policy, log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install(policy, config=CONFIG, hooks=False):
        log.error("x" * (10 << 20) + MAIL)
        log.error("hi", extra={"blob": "x" * (10 << 20)})
    assert len(sink.text) < 300
    assert sink.text.count("could not be checked: UnsearchableError") == 2


def test_a_long_line_below_the_limit_is_checked_in_bounded_time(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install("redact", config=CONFIG, hooks=False, max_bytes=1 << 15):
        log.error(f"for {MAIL}, " * 500)
    assert sink.text.count("<email>") == 500
    assert "alice" not in sink.text


def test_a_handler_that_fails_shows_nothing_of_the_record(
    log: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    class Failing(logging.StreamHandler[io.StringIO]):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                raise OSError(f"{record.getMessage()} for {MAIL}")  # noqa: TRY301
            except OSError:
                self.handleError(record)

    log.addHandler(Failing(io.StringIO()))
    with install(config=CONFIG, hooks=False):
        log.error("quiet words")
    err = capfd.readouterr().err
    assert "Logging error" in err
    assert err.rstrip().endswith("OSError")
    assert "alice" not in err
    assert "quiet words" not in err


def test_a_missing_field_of_a_format_shows_nothing_and_the_program_goes_on(
    log: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    log.addHandler(logging.StreamHandler(io.StringIO()))
    log.handlers[0].setFormatter(logging.Formatter("%(nothing)s %(message)s"))
    with install(config=CONFIG, hooks=False):
        log.error("quiet words")
    assert "quiet words" not in capfd.readouterr().err


def test_threads_and_handlers_at_once_write_every_line_and_no_value(log: logging.Logger) -> None:
    sink = Sink()
    for _ in range(3):
        log.addHandler(stream(sink, WITH_USER))
    wait = threading.Barrier(8)

    def work(number: int) -> None:
        wait.wait()
        for at in range(40):
            log.error("at %d.%d", number, at)
            log.error("for %s", MAIL, extra={"user": f"u-{number}"})

    with install("redact", config=CONFIG, hooks=False):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = sink.text.splitlines()
    assert len(lines) == 8 * 40 * 2 * 3
    assert "alice" not in sink.text
    assert sum(line.startswith("ERROR for <email> [u-") for line in lines) == 8 * 40 * 3


def test_a_listener_in_its_own_thread_is_never_raised_at(log: logging.Logger) -> None:
    sink = Sink()
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(lines, stream(sink))
    with install("raise", config=CONFIG, hooks=False):
        listener.start()
        for text in (MAIL, "go on"):
            lines.put(logging.LogRecord("a", 40, __file__, 1, text, (), None))
        listener.stop()
    assert "blocked: pii/email in message" in sink.text
    assert sink.text.endswith("go on\n")
    assert log.handlers == []


def stood() -> list[object]:
    return [
        logging.Logger.callHandlers,
        logging.Handler.handle,
        logging.Handler.format,
        logging.Handler.handleError,
        logging.Formatter.format,
    ]


def test_uninstalling_leaves_everything_as_it_was(log: logging.Logger) -> None:
    before = stood()
    sink = Sink()
    log.addHandler(stream(sink))
    guard = install(config=CONFIG)
    assert isinstance(guard, Guard)
    assert all(now is not then for now, then in zip(stood(), before, strict=True))
    guard.uninstall()
    guard.uninstall()
    assert all(now is then for now, then in zip(stood(), before, strict=True))
    log.error("for %s", MAIL)
    assert sink.text == f"for {MAIL}\n"


def test_what_was_put_over_the_guard_stays_when_it_goes(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    bare = logging.Logger.callHandlers
    guard = install(config=CONFIG, hooks=False)
    below = logging.Logger.callHandlers
    seen: list[str] = []

    def over(logger: logging.Logger, record: logging.LogRecord) -> None:
        below(logger, record)
        seen.append(record.getMessage())

    logging.Logger.callHandlers = over  # type: ignore[method-assign, assignment]
    log.error("for %s", MAIL)
    guard.uninstall()
    assert logging.Logger.callHandlers is over
    log.error("for %s", MAIL)
    assert "alice" not in seen[0]
    assert seen[1] == f"for {MAIL}"
    logging.Logger.callHandlers = bare  # type: ignore[method-assign]


def test_a_second_guard_is_refused_and_the_first_one_stays(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install(config=CONFIG, hooks=False):
        with pytest.raises(ConfigError, match="installed already"):
            install("redact", config=CONFIG)
        log.error("for %s", MAIL)
    assert "blocked" in sink.text
    install(config=CONFIG, hooks=False).uninstall()


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ConfigError, match="block, redact, raise"):
        install("hide", config=CONFIG)  # type: ignore[arg-type]


def test_rules_that_the_configuration_ignores_are_not_applied(log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink))
    with install(config=Config(ignore=("pii/email",)), hooks=False):
        log.error("for %s", MAIL)
    assert sink.text == f"for {MAIL}\n"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_stands_for_a_record_is_clean_itself(policy: Policy, log: logging.Logger) -> None:
    sink = Sink()
    log.addHandler(stream(sink, WITH_USER))
    names = ("password", "user_email", "first_name", "phone", "ssn", "token")
    with install(policy, config=CONFIG, hooks=False) as guard:
        for name in names:
            write(log, lambda log, name=name: log.error("hi", extra={name: MAIL}))  # type: ignore[misc]
        assert guard._check.clean(sink.text)
    assert policy == "raise" or sink.text.count("\n") == len(names)


@pytest.mark.parametrize("policy", POLICIES)
def test_what_an_earlier_formatter_left_in_a_record_does_not_get_out(
    policy: Policy, log: logging.Logger
) -> None:
    sink = Sink()
    log.addHandler(RawHandler(sink))
    record = logging.LogRecord("a", 40, __file__, 1, "for %s", (MAIL,), None)
    logging.Formatter("%(asctime)s %(message)s").format(record)
    assert record.message == f"for {MAIL}"
    with install(policy, config=CONFIG, hooks=False):
        write(log, lambda log: log.handle(record))
    assert "alice" not in sink.text
    assert policy == "raise" or "email" in sink.text


@pytest.mark.parametrize("policy", POLICIES)
def test_an_array_that_can_not_be_compared_is_no_fault(policy: Policy, log: logging.Logger) -> None:
    class Array:
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

        def __hash__(self) -> int:
            return 1

        def __repr__(self) -> str:
            return "[1 2]"

    def add(record: logging.LogRecord) -> bool:
        vars(record)["data"] = Array()
        return True

    sink = Sink()
    for _ in range(2):
        handler = stream(sink, logging.Formatter("%(message)s %(data)s"))
        handler.addFilter(add)
        log.addHandler(handler)
    with install(policy, config=CONFIG, hooks=False):
        log.error("got %s", Array(), extra={"data": Array()})
    assert sink.text == "got [1 2] [1 2]\n" * 2


@pytest.mark.parametrize("path", PATHS)
def test_without_a_guard_every_path_leaks(
    path: str, log: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    sink = Sink()
    with SINKS["all"](sink, log), suppress(TypeError):
        PATHS[path](log)
    assert "alice" in sink.text + "".join(capfd.readouterr())
