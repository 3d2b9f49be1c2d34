"""What tests of the emitter share: this project's contract, a run, and payloads of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quantapilot.config import load_config
from quantapilot.contract.catalog import load_contract

ROOT = Path(__file__).parents[1]
CONFIG = load_config(start=ROOT)
CONTRACT = load_contract(ROOT / "_schemas")
RUN = "550e8400-e29b-41d4-a716-446655440000"
PAYLOAD: dict[str, Any] = {
    "run_id": RUN,
    "repo_url": "https://git.example.com/acme/app",
    "branch": "main",
}
MAIL = "alice@example.com"
