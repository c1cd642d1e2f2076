"""The queries of the alerts and of the workbook, and what they refer to. Nothing here runs KQL."""

import json
import re
from typing import Any

from tests.infra.templates import INFRA, variables

EVENTS_TEXT = (INFRA / "kql" / "events.kql").read_text()
RUNS_TEXT = (INFRA / "kql" / "runs.kql").read_text()
WORKBOOK: dict[str, Any] = json.loads((INFRA / "workbook.json").read_text())
_VARIABLES = variables(INFRA / "alerts.bicep")
RULES: dict[str, dict[str, Any]] = {rule["name"]: rule for rule in [*_VARIABLES["always"], _VARIABLES["rejected"]]}
ON_REQUEST = _VARIABLES["rejected"]["name"]
ALERTS: dict[str, str] = {name: rule["query"] for name, rule in RULES.items()}
CHARTS: dict[str, str] = {
    item["name"]: item["content"]["query"] for item in WORKBOOK["items"] if item["content"].get("query")
}
QUERIES = {"runs": RUNS_TEXT} | ALERTS | CHARTS


def compared(query: str, column: str) -> set[str]:
    """Give the texts that a query compares a column with: ``column == 'a'`` and ``column in ('a', 'b')``."""
    equal = re.findall(rf"\b{column} [!=]= '([^']+)'", query)
    lists = re.findall(rf"\b{column} in \(([^)]+)\)", query)
    return {*equal, *(text for found in lists for text in re.findall(r"'([^']+)'", found))}


def fields(query: str) -> set[str]:
    return set(re.findall(r"\bfields\.(\w+)", query))
