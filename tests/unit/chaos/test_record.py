"""What a receiver was sent is kept an id at a time."""

from __future__ import annotations

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.chaos.record import Heard, Record


@given(
    st.lists(
        st.tuples(st.sampled_from("abc\udcff"), st.sampled_from([b"1", b"2"]), st.booleans()),
        max_size=30,
    )
)
def test_a_record_tells_what_came_under_each_id(came: list[tuple[str, bytes, bool]]) -> None:
    record = Record()
    for message_id, body, accepted in came:
        key = record.see(message_id, body)
        if accepted:
            record.accept(key)
    for message_id in "abc\udcff":
        bodies = [body for each, body, _ in came if each == message_id]
        expected = bodies and Heard(
            seen=len(bodies),
            accepted=sum(accepted for each, _, accepted in came if each == message_id),
            digest=blake2b(bodies[0], digest_size=8).digest(),
            differed=len(set(bodies)) > 1,
        )
        assert record.heard(message_id) == (expected or None)
    heard = [each for each in map(record.heard, "abc\udcff") if each is not None]
    assert record.counts() == {
        "ids": len(heard),
        "accepted": sum(each.accepted > 0 for each in heard),
        "repeated": sum(each.accepted > 1 for each in heard),
        "differed": sum(each.differed for each in heard),
    }
