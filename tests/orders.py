"""What tests of another contract than ours share: the order service in `examples/contracts`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quantapilot.config import load_config
from quantapilot.contract.catalog import load_contract

ORDERS = Path(__file__).parents[1] / "examples" / "contracts" / "orders"
ORDERS_CONFIG = load_config(ORDERS / "quantapilot.toml")
ORDERS_CONTRACT = load_contract(ORDERS / "schemas")
ORDER = "ord_01k0123456789abcdefghjkmnp"
PAID: dict[str, Any] = {"orderId": ORDER, "currency": "EUR", "paidCents": 790, "method": "card"}
