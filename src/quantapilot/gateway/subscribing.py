"""Who may have which events sent where: judged before anything is stored, without a network.

Where an address leads is judged again at every connection, and whether its receiver wants the
events by a challenge.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from quantapilot.errors import QuantaPilotError, SinkError
from quantapilot.gateway.model import Subscription
from quantapilot.gateway.webhooks import webhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.gateway.model import Directory, Token
    from quantapilot.gateway.webhooks import DeliverySettings, SubscriptionKeys


class SubscribingError(QuantaPilotError):
    """A subscription that is not made; the text names neither its project nor its address."""


class ProjectRefusedError(SubscribingError):
    """The project is not one of the token's; whether there is such a one is not told."""


class WebhookRefusedError(SubscribingError):
    """The address can't be sent to."""


class TooManySubscriptionsError(SubscribingError):
    """The token has as many subscriptions as it may."""


def subscribed(
    request: Mapping[str, Any],
    token: Token,
    directory: Directory,
    *,
    keys: SubscriptionKeys,
    settings: DeliverySettings,
    now: float,
    most: int,
) -> Subscription:
    """Return the subscription that a token asks for, to be stored and challenged.

    A run is not looked for: events of one that is not the token's are kept from it anyway, and so
    the answer does not tell whether there is such a run.

    Args:
        request: A `SubscriptionRequest` that conforms to the contract.
        token: Who asks; its scope was judged before.
        directory: The subscriptions there are.
        keys: What derives the secrets of subscriptions.
        settings: How events are delivered.
        now: The time, in seconds since the epoch.
        most: How many subscriptions one token may have; those that are disabled count too.

    Raises:
        ProjectRefusedError: The token is not granted the project, or there is none.
        TooManySubscriptionsError: The token has enough of them.
        WebhookRefusedError: The address can't be used.
    """
    project_id = request.get("project_id")
    if project_id is not None and not token.sees(project_id):
        raise ProjectRefusedError("this token is not granted that project")
    own = [each for each in directory.subscriptions.values() if each.token_id == token.token_id]
    if len(own) >= most:
        raise TooManySubscriptionsError(
            f"this token has {len(own)} subscriptions, and may have {most}: delete one first"
        )
    subscription_id = str(uuid.uuid4())
    url = request["url"]
    try:
        webhook(url, [keys.subscription_secret(subscription_id, 0)], settings)
    except SinkError as error:
        raise WebhookRefusedError(str(error)) from None
    return Subscription(
        subscription_id=subscription_id,
        token_id=token.token_id,
        url=url,
        types=frozenset(request.get("types", ())),
        created_at=now,
        project_id=project_id,
        run_id=request.get("run_id"),
    )
