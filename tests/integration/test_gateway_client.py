"""The client against a real server that behaves, and against one that does anything else."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import trustme
from starlette.responses import Response
from tests.gateway_stub import (
    BRANCH,
    REPO,
    TOKEN,
    GatewayStub,
    dropping,
    gateway_stub,
    is_id,
    problem,
    written,
)
from tests.waiting import until

from quantapilot.client.following import followed
from quantapilot.client.gateway import Gateway
from quantapilot.client.patience import Patience
from quantapilot.errors import (
    ForbiddenError,
    GatewayError,
    GatewayUnavailableError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnexpectedAnswerError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REQUEST = {"repo_url": REPO, "branch": BRANCH}
KEY = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def stub() -> Iterator[GatewayStub]:
    with gateway_stub() as made:
        yield made


@contextmanager
def client(stub: GatewayStub, **settings: Any) -> Iterator[Gateway]:
    with Gateway(stub.url, TOKEN, **settings) as gateway:
        yield gateway


@contextmanager
def once(condition: Callable[[], object], act: Callable[[], object]) -> Iterator[None]:
    """Do something beside the block, once something holds."""

    def wait() -> None:
        until(condition)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def patient(seconds: float = 30, said: list[str] | None = None) -> Patience:
    told: list[str] = [] if said is None else said
    return Patience(seconds, told.append, random=lambda: 0.99)


# --- a gateway that behaves -------------------------------------------------------------------


def test_a_run_is_started_once_however_often_it_is_asked_for(stub: GatewayStub) -> None:
    with client(stub) as gateway:
        first = gateway.trigger(REQUEST, KEY)
        again = gateway.trigger(REQUEST, KEY)
        other = gateway.trigger(REQUEST, str(uuid4()))
    assert first["run_id"] == again["run_id"] != other["run_id"]
    assert is_id(first["run_id"])
    asked = stub.calls("/run")[0]
    assert json.loads(asked.body) == REQUEST
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == KEY


def test_the_state_of_a_run_is_told(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    with client(stub) as gateway:
        assert gateway.run(run_id)["state"] == "running"
        with pytest.raises(NotFoundError, match="no such run"):
            gateway.run(str(uuid4()))


def test_a_wrong_token_is_told_and_not_shown(stub: GatewayStub) -> None:
    wrong = TOKEN.replace("Zz09", "Yy18")
    with Gateway(stub.url, wrong) as gateway:
        with pytest.raises(UnauthenticatedError) as told:
            gateway.trigger(REQUEST, KEY)
        assert wrong not in repr(gateway) + str(told.value)


def test_events_of_many_pages_come_in_order() -> None:
    with gateway_stub(page=3) as stub:
        run_id = stub.new_run()
        for number in range(10):
            stub.emit(run_id, "milestone_completed", milestone_id=f"m{number}")
        with client(stub) as gateway:
            ids = [heard.id for heard in gateway.told(run_id)]
            assert ids == [event["id"] for event in stub.runs[run_id]]
            assert [heard.id for heard in gateway.told(run_id, after=ids[-2])] == ids[-1:]


# --- a run that is followed -------------------------------------------------------------------


def test_each_event_is_heard_once_from_the_first_on(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    with client(stub) as gateway:
        heard = followed(gateway, run_id, patient())
        names = [next(heard).type]
        for name in ("run_paused", "run_resumed", "run_completed"):
            stub.emit(run_id, name)
            names.append(next(heard).type)
        heard.close()
    assert [name.rpartition(".")[2] for name in names] == [
        "run_started",
        "run_paused",
        "run_resumed",
        "run_completed",
    ]
    until(lambda: stub.streams == 0)


def test_an_event_that_comes_while_the_earlier_ones_are_asked_for_is_heard_once(
    stub: GatewayStub,
) -> None:
    run_id = stub.new_run()

    def meanwhile() -> Response:
        # After the stream was opened, before the list is answered: it stands in both.
        stub.emit(run_id, "run_paused", reason="budget is spent")
        return Response(json.dumps({"events": stub.runs[run_id]}))

    stub.script[f"/runs/{run_id}/events"] = [meanwhile]
    with client(stub) as gateway:
        heard = followed(gateway, run_id, patient())
        first = [next(heard).type, next(heard).type]
        stub.emit(run_id, "run_completed")
        last = next(heard).type
        heard.close()
    assert [*first, last] == [
        "quantapilot.run_started",
        "quantapilot.run_paused",
        "quantapilot.run_completed",
    ]


def test_a_restart_of_the_gateway_loses_and_repeats_nothing(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    said: list[str] = []
    with client(stub) as gateway:
        heard = followed(gateway, run_id, patient(said=said))
        got = [next(heard)]
        stub.stop()
        stub.emit(run_id, "milestone_completed", milestone_id="m1")
        with once(lambda: said, stub.start):
            got.append(next(heard))
        stub.emit(run_id, "run_completed")
        got.append(next(heard))
        heard.close()
    assert [each.id for each in got] == [event["id"] for event in stub.runs[run_id]]
    assert said
    assert all("trying again in" in each for each in said)
    # Where it was told apart from what came before: by the last event that was heard.
    assert stub.calls("/events")[-1].headers["last-event-id"] == got[0].id


def test_a_stream_that_breaks_again_and_again_is_given_up_in_time(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    with client(stub) as gateway:
        heard = followed(gateway, run_id, Patience(30, lambda _: None, sleep=lambda _: None))
        next(heard)
        stub.script["/events"] = [
            Response(b": \n\n", media_type="text/event-stream") for _ in range(20)
        ]
        stub.break_streams()
        with pytest.raises(GatewayUnavailableError, match="has ended the stream"):
            next(heard)
    assert 3 < len(stub.calls("/events")) < 15


def test_a_gateway_that_falls_silent_is_left_and_asked_anew() -> None:
    with gateway_stub(heartbeat=60.0) as stub:
        run_id = stub.new_run()
        said: list[str] = []
        with client(stub, silence=0.2) as gateway:
            heard = followed(gateway, run_id, patient(said=said))
            next(heard)
            with once(lambda: said, lambda: stub.emit(run_id, "run_completed")):
                assert next(heard).type == "quantapilot.run_completed"
            heard.close()
    assert any("no answer in time" in each for each in said)


def test_signs_of_life_keep_a_quiet_stream(stub: GatewayStub) -> None:
    stub.heartbeat = 0.02
    run_id = stub.new_run()
    with client(stub, silence=1.0) as gateway:
        heard = followed(gateway, run_id, patient(0))
        next(heard)
        # They come for longer than silence is borne.
        with once(lambda: stub.beats > 60, lambda: stub.emit(run_id, "run_completed")):
            assert next(heard).type == "quantapilot.run_completed"
        heard.close()
    assert len(stub.calls("/events")) == 1


def test_events_of_other_runs_are_passed_over(stub: GatewayStub) -> None:
    run_id, other = stub.new_run(), stub.new_run()
    ends = stub.emit(other, "run_completed")
    own = stub.emit(run_id, "run_paused")
    body = written(ends) + written(own)
    stub.script["/events"] = [Response(body, media_type="text/event-stream")]
    with client(stub) as gateway, gateway.listening(run_id) as coming:
        assert [each.id for each in coming] == [own["id"]]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(401, "UNAUTHENTICATED", "gone"), UnauthenticatedError),
        (problem(403, "FORBIDDEN", "no"), ForbiddenError),
        (problem(404, "NOT_FOUND", "no"), NotFoundError),
    ],
)
def test_a_token_that_ends_ends_the_watch(
    stub: GatewayStub, answer: Response, kind: type[GatewayError]
) -> None:
    run_id = stub.new_run()
    with client(stub) as gateway:
        heard = followed(gateway, run_id, patient())
        next(heard)
        stub.script["/events"] = [answer]
        stub.break_streams()
        with pytest.raises(kind):
            next(heard)


# --- a gateway that does not behave -----------------------------------------------------------


def answered(stub: GatewayStub, answer: Any, **settings: Any) -> GatewayError:
    """Return the error that an answer to a trigger ends in, which shows nothing it should not."""
    stub.script["/run"] = [answer]
    with client(stub, **settings) as gateway, pytest.raises(GatewayError) as raised:
        gateway.trigger(REQUEST, KEY)
    assert str(raised.value).isprintable()
    assert TOKEN not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello</html>",
        b"[]",
        b"{}",
        b'{"run_id": "\x1b[2J"}',
        b'{"run_id": "../../etc/passwd"}',
        b'{"run_id": 7}',
        b"[" * 200_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_none_is_told_as_such(stub: GatewayStub, body: bytes) -> None:
    assert isinstance(answered(stub, Response(body, 202)), UnexpectedAnswerError)


def test_a_huge_answer_is_not_read(stub: GatewayStub) -> None:
    for status in (202, 422):
        error = answered(stub, Response(b"x" * 10_000_000, status))
        assert "more than 1 MiB" in str(error)


def test_an_answer_that_would_unpack_to_gigabytes_is_not_unpacked(stub: GatewayStub) -> None:
    packed = Response(gzip.compress(b"0" * 10_000_000), 202, {"content-encoding": "gzip"})
    assert "encoding" in str(answered(stub, packed))


def test_a_redirect_is_not_followed(stub: GatewayStub) -> None:
    with gateway_stub() as other:
        for status in (301, 302, 307, 308):
            error = answered(stub, Response(b"", status, {"location": f"{other.url}/run"}))
            assert "redirects" in str(error)
        assert not other.asked


def test_a_gateway_that_hangs_is_not_waited_for_for_ever(stub: GatewayStub) -> None:
    error = answered(stub, stub.hanging, timeout=0.3)
    assert isinstance(error, GatewayUnavailableError)
    assert "no answer in time" in str(error)


def test_an_answer_that_breaks_off_can_be_asked_for_again(stub: GatewayStub) -> None:
    assert isinstance(answered(stub, dropping), GatewayUnavailableError)
    with client(stub) as gateway:
        assert is_id(gateway.trigger(REQUEST, KEY)["run_id"])


def test_how_long_to_wait_is_told(stub: GatewayStub) -> None:
    error = answered(stub, problem(429, "RATE_LIMITED", "slower", retry_after="7"))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 7
    error = answered(stub, problem(503, "UNAVAILABLE", "later", retry_after="3"))
    assert isinstance(error, GatewayUnavailableError)
    assert error.retry_after == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\x01\x02\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 99999 x\r\n\r\n",
        b"HTTP/1.1 202 x\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 202 x\r\ncontent-length: 1000\r\n\r\n{}",
        b"HTTP/1.1 202 x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 202 x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"HTTP/1.1 202 x\r\ncontent-encoding: \xff\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 x\r\nlocation: http://[::1\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 x\r\nlocation: \xff\xfe\x00\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 429 x\r\nretry-after: \xff\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 202 x\r\nx: " + b"y" * 1_000_000,
        b"HTTP/1.1 202 x\r\nset-cookie: \x1b=\xff; expires=\x1b\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_what_speaks_no_http_ends_in_an_error_of_ours(raw: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            # The other side may leave before all of it is sent.
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Gateway(url, TOKEN) as gateway, pytest.raises(GatewayError) as told:
            gateway.trigger(REQUEST, KEY)
        thread.join()
    assert str(told.value).isprintable()
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize(
    "body",
    [
        b"data: {}\n\n",
        b"data: no json\n\n",
        b'data: {"id": "7", "type": "quantapilot.run_completed"}\n\n',
        b'data: {"id": "' + KEY.encode() + b'", "type": 7}\n\n',
        b"data: " + b"x" * 2_000_000,
        b": " + b"x" * 2_000_000,
        b"x: y\n" * 500_000,
    ],
)
def test_a_stream_of_something_else_ends(stub: GatewayStub, body: bytes) -> None:
    run_id = stub.new_run()
    stub.script["/events"] = [Response(body, media_type="text/event-stream; charset=zip")]
    with (
        client(stub) as gateway,
        pytest.raises(UnexpectedAnswerError),
        gateway.listening(run_id) as coming,
    ):
        list(coming)


@pytest.mark.parametrize(
    "answer",
    [
        Response(b"<html></html>", media_type="text/html"),
        Response(b"", media_type="text/event-stream", headers={"content-encoding": "gzip"}),
        Response(b"{}", 206),
    ],
)
def test_what_is_no_stream_is_told_as_such(stub: GatewayStub, answer: Response) -> None:
    stub.script["/events"] = [answer]
    with (
        client(stub) as gateway,
        pytest.raises(UnexpectedAnswerError),
        gateway.listening(stub.new_run()),
    ):
        pass


@pytest.mark.parametrize(
    "answer",
    [
        {"events": 7},
        {"events": [7]},
        {"events": [], "next": KEY},
        {"events": [], "next": "\r\nx: y"},
        {"events": [{"id": KEY, "type": "t"}], "next": KEY},
    ],
)
def test_pages_that_lead_nowhere_end(stub: GatewayStub, answer: dict[str, Any]) -> None:
    run_id = stub.new_run()
    stub.script[f"/runs/{run_id}/events"] = [Response(json.dumps(answer)) for _ in range(3)]
    with client(stub) as gateway, pytest.raises(UnexpectedAnswerError):
        list(gateway.told(run_id))


def test_a_port_where_nobody_listens_is_told_as_such() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Gateway(url, TOKEN) as gateway, pytest.raises(GatewayUnavailableError) as told:
            gateway.run(KEY)
    assert str(told.value) == (
        f"{url} can't be reached: nothing listens there; is 'qp serve' running?"
    )
    assert told.value.__suppress_context__


def test_what_speaks_no_tls_is_told_as_such(stub: GatewayStub) -> None:
    with (
        Gateway(stub.url.replace("http:", "https:"), TOKEN) as gateway,
        pytest.raises(GatewayUnavailableError, match="no TLS is spoken there"),
    ):
        gateway.run(KEY)
    assert not stub.asked


def test_https_needs_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    own, trusted = tmp_path / "server.pem", tmp_path / "authority.pem"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(own)
    authority.cert_pem.write_to_path(trusted)
    with gateway_stub(certificate=str(own)) as stub:
        with (
            client(stub) as gateway,
            pytest.raises(GatewayUnavailableError, match="its certificate is not trusted"),
        ):
            gateway.trigger(REQUEST, KEY)
        assert not stub.asked
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with client(stub) as gateway:
            assert is_id(gateway.trigger(REQUEST, KEY)["run_id"])


def test_a_proxy_never_sees_a_token_over_plain_http(
    stub: GatewayStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway_stub() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with client(stub) as gateway:
            gateway.trigger(REQUEST, KEY)
        assert not proxy.asked
    assert len(stub.asked) == 1


def test_no_log_shows_the_token(stub: GatewayStub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with client(stub) as gateway:
        heard = followed(gateway, gateway.trigger(REQUEST, KEY)["run_id"], patient())
        assert list(islice(heard, 1))
        heard.close()
    assert caplog.records
    assert TOKEN not in caplog.text
