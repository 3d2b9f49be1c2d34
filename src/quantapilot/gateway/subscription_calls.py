"""Calls about subscriptions: who hears what by webhook, and how deliveries go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from quantapilot.findings import RefusedError
from quantapilot.gateway import wire
from quantapilot.gateway.calls import json_answer
from quantapilot.gateway.checks import problem_of
from quantapilot.gateway.problems import HEADERS, ProblemError
from quantapilot.gateway.subscribing import (
    ProjectRefusedError,
    TooManySubscriptionsError,
    WebhookRefusedError,
    subscribed,
)

if TYPE_CHECKING:
    from quantapilot.gateway.calls import Call
    from quantapilot.gateway.model import Subscription


async def subscribe(call: Call) -> Response:
    """Make a subscription; its key stands in this answer and in no other."""
    gateway = call.gateway
    try:
        asked = await gateway.judged(call.token, gateway.subscription_requests, call.body)
        made = subscribed(
            asked,
            call.token,
            gateway.directory,
            keys=gateway.keys,
            settings=gateway.settings.deliveries,
            now=time.time(),
            most=gateway.settings.most_subscriptions,
        )
    except RefusedError as error:
        raise problem_of(error) from None
    except ProjectRefusedError:
        raise ProblemError("FORBIDDEN") from None
    except TooManySubscriptionsError as error:
        raise ProblemError("TOO_MANY_SUBSCRIPTIONS", str(error)) from None
    except WebhookRefusedError as error:
        raise ProblemError("WEBHOOK_REFUSED", str(error)) from None
    await gateway.write(gateway.store.add_subscription, made)
    return _told(call, made, status=201, with_key=True)


async def subscriptions(call: Call) -> Response:
    """List the token's subscriptions."""
    gateway = call.gateway
    found = await call.read(gateway.store.subscriptions_of, call.token.token_id)
    told = [wire.subscription(each, gateway.trouble(each.subscription_id)) for each in found]
    return json_answer({"subscriptions": told})


async def subscription(call: Call) -> Response:
    """Tell how a subscription goes."""
    return _told(call, await _own(call))


async def unsubscribe(call: Call) -> Response:
    """End a subscription; what waits for it is dropped."""
    found = await _own(call)
    await call.gateway.write(call.gateway.store.remove_subscription, found.subscription_id)
    return Response(status_code=204, headers=HEADERS)


async def rotate(call: Call) -> Response:
    """Make a subscription's key anew."""
    found = await _own(call)
    store = call.gateway.store
    rotated = await call.gateway.write(store.rotate, found.subscription_id, time.time())
    if rotated is None:
        raise ProblemError("NOT_FOUND")
    return _told(call, rotated, with_key=True)


async def enable(call: Call) -> Response:
    """Challenge a subscription's receiver anew; what waits is kept."""
    found = await _own(call)
    store = call.gateway.store
    await call.gateway.write(
        store.set_state, found.subscription_id, "pending", "", was={"disabled"}
    )
    return _told(call, await _own(call))


async def deliveries(call: Call) -> Response:
    """Tell how far deliveries are, for the projects that the caller sees."""
    gateway = call.gateway
    health = await call.read(gateway.store.health, call.projects, time.time())
    return json_answer(wire.delivery_health(health))


async def _own(call: Call) -> Subscription:
    """Return the subscription that the address names, if the caller made it."""
    found = await call.read(call.gateway.store.subscription, call.subscription_id)
    if found is None or found.token_id != call.token.token_id:
        raise ProblemError("NOT_FOUND")
    return found


def _told(call: Call, kept: Subscription, status: int = 200, *, with_key: bool = False) -> Response:
    keys = call.gateway.keys
    key = keys.subscription_secret(kept.subscription_id, kept.generation) if with_key else None
    return json_answer(
        wire.subscription(kept, call.gateway.trouble(kept.subscription_id), key), status
    )
