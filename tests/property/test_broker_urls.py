"""Addresses of brokers, however mistaken: one typed error, which shows nothing of them."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from quantapilot.errors import SinkError
from quantapilot.sinks import sink_for

SCHEMES = ("nats", "nats+tls", "kafka", "kafka+tls", "amqp", "amqps", "redis", "rediss")
SECRET = "zqzq"


@given(
    scheme=st.sampled_from(SCHEMES),
    before=st.text(alphabet=":/?#[]@,%&= a1{}.é\t\n", max_size=8),
    after=st.text(alphabet=":/?#[]@,%&= a1{}.é\t\n", max_size=20),
)
@example(scheme="nats", before="//[", after="@host/S")
@example(scheme="redis", before="//:", after="@host:²/0")
def test_any_text_is_an_address_or_one_typed_error_without_it(
    scheme: str, before: str, after: str
) -> None:
    shown = ""
    try:
        sink_for(f"{scheme}:{before}{SECRET}{after}")
    except SinkError as error:
        shown = f"{error}{error.__cause__}{error.__context__}"
    assert SECRET not in shown


@given(
    scheme=st.sampled_from(SCHEMES),
    user=st.text(alphabet="uv%4é", max_size=4),
    rest=st.text(alphabet="/a1.?=&stream queue", max_size=20),
)
def test_no_name_or_repr_of_a_sink_holds_its_password(scheme: str, user: str, rest: str) -> None:
    with suppress(SinkError):
        sink = sink_for(f"{scheme}://{user}:{SECRET}@host{rest}")
        assert SECRET not in f"{sink.name}{sink!r}{vars(sink)}"
