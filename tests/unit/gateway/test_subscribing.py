"""Who may subscribe to what, and which addresses are taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quantapilot.gateway.model import Directory, Subscription, Token
from quantapilot.gateway.subscribing import (
    ProjectRefusedError,
    TooManySubscriptionsError,
    WebhookRefusedError,
    subscribed,
)
from quantapilot.gateway.webhooks import DeliverySettings
from quantapilot.signing import new_secret

TOKEN = Token("abcdefabcdef", "bearer", frozenset({"events:subscribe"}), frozenset({"proj_a"}), 1.0)
OPERATOR = replace(TOKEN, projects=frozenset({"*"}))
URL = "https://hooks.example/events?key=hidden"


class Keys:
    """Derives any secret, for a subscription that is new."""

    def subscription_secret(self, subscription_id: str, generation: int) -> str:
        assert subscription_id
        assert generation == 0
        return new_secret()


def asked(
    request: dict[str, Any],
    token: Token = TOKEN,
    directory: Directory | None = None,
    *,
    allow_private: bool = False,
    most: int = 50,
) -> Subscription:
    return subscribed(
        request,
        token,
        directory or Directory(1),
        keys=Keys(),
        settings=DeliverySettings(allow_private=allow_private),
        now=1_700_000_000.0,
        most=most,
    )


def test_what_is_asked_for_is_what_is_subscribed_to() -> None:
    made = asked(
        {
            "url": URL,
            "types": ["quantapilot.run_failed"],
            "project_id": "proj_a",
            "run_id": "0198c0de-0000-7000-8000-000000000001",
        }
    )
    assert (made.url, made.token_id, made.state) == (URL, TOKEN.token_id, "pending")
    assert made.types == {"quantapilot.run_failed"}
    assert (made.project_id, made.run_id) == ("proj_a", "0198c0de-0000-7000-8000-000000000001")
    assert made.created_at == 1_700_000_000.0


def test_everything_is_heard_where_nothing_is_said() -> None:
    made = asked({"url": URL})
    assert not made.types
    assert made.project_id is made.run_id is None


def test_each_subscription_has_an_id_of_its_own() -> None:
    assert asked({"url": URL}).subscription_id != asked({"url": URL}).subscription_id


def test_a_project_of_others_is_answered_as_one_that_is_none() -> None:
    texts = set()
    directory = Directory(1, repositories={"https://git.example/b": "proj_b"})
    for project in ("proj_b", "proj_nowhere"):
        with pytest.raises(ProjectRefusedError) as caught:
            asked({"url": URL, "project_id": project}, directory=directory)
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert not any("proj_" in text for text in texts)


def test_who_is_granted_all_may_hear_any_project() -> None:
    assert asked({"url": URL, "project_id": "proj_b"}, OPERATOR).project_id == "proj_b"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/hidden",
        "https://127.0.0.1/hidden",
        "https://[::ffff:10.0.0.1]/hidden",
        "https://0x7f000001/hidden",
        "https://2130706433/hidden",
        "https://192.168.0.1:8443/hidden",
        "https://hooks.example:0/hidden",
    ],
)
def test_an_address_that_is_no_public_https_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(WebhookRefusedError) as caught:
        asked({"url": url})
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_private_network_may_be_allowed() -> None:
    assert asked({"url": "http://127.0.0.1:5678/hook"}, allow_private=True).url


def test_a_token_has_so_many_subscriptions_and_others_do_not_count() -> None:
    mine = [asked({"url": URL}) for _ in range(2)]
    theirs = replace(asked({"url": URL}), token_id="others")
    directory = Directory(1, subscriptions={each.subscription_id: each for each in [*mine, theirs]})
    assert asked({"url": URL}, directory=directory, most=3).state == "pending"
    with pytest.raises(TooManySubscriptionsError, match="2 subscriptions, and may have 2: delete"):
        asked({"url": URL}, directory=directory, most=2)
