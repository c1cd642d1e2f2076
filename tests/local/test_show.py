"""What a person sees of a job."""

from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

from rich.console import Console

from local import show
from shared.job.record import Internal, Job, State
from shared.manifest import Finding

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
ISSUES = tuple(Finding(f"line {number}", "serialNumber", "number_for_serial", "Export it.") for number in range(2, 27))
HEADER = (
    "device,line,serialNumber,productKey,hardwareHashStart,oemManufacturerName,modelName,outcome,errorCode,"
    "errorDescription,action,matchedBy"
)
WARNINGS = (Finding("line 1", None, "ignored_column", "Nothing to do."),)


def seen(issues: tuple[Finding, ...], warnings: tuple[Finding, ...], count: int) -> str:
    job = Job(
        manifest="a",
        etag="b",
        state=State.REJECTED,
        message="c",
        issues=issues,
        issue_count=count,
        warnings=warnings,
        warning_count=len(warnings),
        created_at=NOW,
        updated_at=NOW,
        internal=Internal(run=UUID(int=0), part_size=1),
    )
    page = StringIO()
    Console(file=page, width=100).print(show.findings(job))
    return page.getvalue()


def test_issues_are_told_from_warnings_without_colour_and_stand_last() -> None:
    page = seen(ISSUES[:1], WARNINGS, 1)
    before, after = page.split("Issues")
    assert "Warnings" in before
    assert "ignored_column" in before
    assert "line 2" in after
    assert "Export it." in after


def test_a_long_word_is_wrapped_and_not_cut() -> None:
    row = "1,,S1,,,,,failed,808,ZtdDeviceAssignedToOtherTenant,Take_it_out_of_the_other_tenant_first,"
    page = StringIO()
    Console(file=page, width=60).print(show.results(f"{HEADER}\n{row}\n"))
    assert max(map(len, page.getvalue().splitlines())) <= 60
    cells = [[cell.strip() for cell in line.split("│")] for line in page.getvalue().splitlines() if "│" in line]
    assert "ZtdDeviceAssignedToOtherTenant" in "".join(line[4] for line in cells)
    assert "Take_it_out_of_the_other_tenant_first" in "".join(line[5] for line in cells)


def test_what_does_not_fit_is_counted() -> None:
    page = seen(ISSUES, (), 130)
    assert "Warnings" not in page
    assert page.count("number_for_serial") == show.MOST_ROWS
    assert f"and {130 - show.MOST_ROWS} more" in page
