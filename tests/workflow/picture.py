"""A backlog before a quota, with the app's pacing and without it: a table, and a picture of requests over time.

``python -m tests.workflow.picture`` runs hours of the tests' simulator in a minute, and writes docs/throttle.svg.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import override

from shared.workflow.pacing import Pacing, Throttle
from shared.workflow.waiting_line import NEW, Call, Waited
from tests.workflow.backlog import Backlog, Report
from tests.workflow.quota import MINUTE, Quota

MANIFESTS, LIMIT, LONGEST = 600, 60, 100
PICTURE = Path(__file__).parents[2] / "docs" / "throttle.svg"
WIDTH, LEFT, HEIGHT, MOST = 860, 60, 130, 320
"""Pixels, and the requests a minute that a panel's height stands for."""

LEGEND = f"Requests a minute over minutes: served (blue), refused (orange). A white stroke: more than {MOST}"


class Unpaced(Pacing):
    """What the app did before: each job obeys its own ``Retry-After``, and knows nothing of the others."""

    @override
    def turn(self, api: Call, customer: str, waited: Waited = NEW) -> datetime | None:
        return None

    @override
    def place(self, api: Call, customer: str, earliest: datetime, waited: Waited = NEW) -> datetime:
        return earliest

    @override
    def throttled(self, api: Call, customer: str, retry_after: timedelta | None) -> Throttle:
        return Throttle(self._clock(), "job", 0)


def main() -> None:
    """Run both, print the table and draw the picture."""
    logging.disable(logging.CRITICAL)
    unpaced = Backlog(MANIFESTS, Quota(LIMIT), pacing=Unpaced).run()
    paced = Backlog(MANIFESTS, Quota(LIMIT)).run()
    print(table({"without pacing": unpaced, "with pacing": paced}))
    PICTURE.write_text(picture(unpaced, paced), encoding="utf-8")


def table(reports: dict[str, Report]) -> str:
    """Write reports as a table in Markdown."""
    heading = "| | refused requests | share refused | all done after | least possible | executions a manifest |"
    lines = [heading, "| --- | --- | --- | --- | --- | --- |"]
    for title, report in reports.items():
        refused, executions = report.refused.total(), sum(report.executions) / len(report.executions)
        lines.append(
            f"| {title} | {refused:,} | {report.share_refused:.0%} | {report.took / MINUTE:.0f} min "
            f"| {report.least / MINUTE:.0f} min | {executions:.1f} |"
        )
    return "\n".join(lines)


def picture(unpaced: Report, paced: Report) -> str:
    """Draw requests a minute over time, served and refused ones, in two panels of one scale."""
    height = 2 * (HEIGHT + 60) + 70
    size = f'width="{WIDTH}" height="{height}"'
    style = 'font-family="Segoe UI, Helvetica, Arial, sans-serif" font-size="13" fill="#24292f"'
    title = f"{MANIFESTS} manifests at once; Partner Center serves {LIMIT} requests in a minute and counts refused ones"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} {style}>',
            f'<rect {size} fill="#ffffff"/>',
            f'<text x="16" y="28" font-size="16" font-weight="600">{title}</text>',
            f'<text x="16" y="48" fill="#57606a">{LEGEND}</text>',
            *_panel("Each job by itself", unpaced, 60),
            *_panel("Standing in line", paced, 60 + HEIGHT + 60),
            "</svg>",
            "",
        ]
    )


def _panel(title: str, report: Report, top: int) -> list[str]:
    bottom, step = top + 30 + HEIGHT, (WIDTH - LEFT - 20) / LONGEST
    parts = [
        f'<text x="{LEFT}" y="{top + 20}" font-weight="600">{title}: done after {report.took / MINUTE:.0f} min</text>'
    ]
    for minute in range(LONGEST):
        base = float(bottom)
        for counts, colour in ((report.served, "#0b6bcb"), (report.refused, "#e08a3c")):
            tall = _tall(counts, minute, base - (bottom - HEIGHT))
            x = LEFT + minute * step
            parts.append(
                f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{step - 1:.1f}" height="{tall:.1f}" fill="{colour}"/>'
            )
            base -= tall
        if report.served[minute] + report.refused[minute] > MOST:
            x, y = LEFT + minute * step - 1, bottom - HEIGHT + 14
            parts.append(f'<path d="M{x:.1f} {y}l{step + 1:.1f} -6" stroke="#ffffff" stroke-width="3"/>')
    limit = bottom - LIMIT / MOST * HEIGHT
    parts.append(f'<path d="M{LEFT} {limit:.1f}H{WIDTH - 20}" stroke="#24292f" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{LEFT - 8}" y="{limit + 4:.1f}" text-anchor="end">{LIMIT}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{bottom - HEIGHT + 10}" text-anchor="end">{MOST}</text>')
    parts += [
        f'<text x="{LEFT + minute * step:.1f}" y="{bottom + 16}">{minute}</text>' for minute in range(0, LONGEST, 20)
    ]
    return parts


def _tall(counts: Counter[int], minute: int, room: float) -> float:
    return min(counts[minute] / MOST * HEIGHT, room)


if __name__ == "__main__":
    main()
