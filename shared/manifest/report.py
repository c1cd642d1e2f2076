"""What a reader tells while it goes through a manifest."""

from shared.manifest.findings import Finding, Findings

type Place = int | str | None
"""A number in the report's unit, a place by name, or the manifest as a whole."""


class Report:
    """The findings so far, and the ids of the envelope. Places are counted in ``unit``: "device" or "line"."""

    def __init__(self, keep: int | None) -> None:
        self.customer_id: str | None = None
        self.batch_id: str | None = None
        self.unit = "device"
        self.characters = 0
        """Characters read so far."""
        self._issues = _Notes(keep)
        self._warnings = _Notes(keep)

    def issue(self, at: Place, field: str | None, code: str, message: str, *facts: object) -> None:
        """Note what rejects the manifest; ``facts`` are filled into the message."""
        if self._issues.has_room():
            self._issues.kept.append(Finding(self.where(at), field, code, message.format(*facts)))

    def warning(self, at: Place, field: str | None, code: str, message: str, *facts: object) -> None:
        """Note what only looks odd; ``facts`` are filled into the message."""
        if self._warnings.has_room():
            self._warnings.kept.append(Finding(self.where(at), field, code, message.format(*facts)))

    def break_off(self, finding: Finding) -> None:
        """Note why the rest could not be read: before all else, as it may be what a person must mend first."""
        self._issues.has_room()
        self._issues.kept.insert(0, finding)

    def where(self, at: Place) -> str:
        """Name a place."""
        if isinstance(at, int):
            return f"{self.unit} {at}"
        return at or "manifest"

    @property
    def issue_count(self) -> int:
        """Issues so far."""
        return self._issues.count

    @property
    def issues(self) -> Findings:
        """The issues so far."""
        return self._issues.findings()

    @property
    def warnings(self) -> Findings:
        """The warnings so far."""
        return self._warnings.findings()


class _Notes:
    """Findings of one kind; only the first ``keep`` are kept, as a bad file may have millions."""

    def __init__(self, keep: int | None) -> None:
        self.kept: list[Finding] = []
        self.count = 0
        self._keep = keep

    def has_room(self) -> bool:
        """Count one more, and tell whether it is to be kept."""
        self.count += 1
        return self._keep is None or self.count <= self._keep

    def findings(self) -> Findings:
        return Findings(tuple(self.kept[: self._keep]), self.count)
