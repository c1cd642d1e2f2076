"""Manifests: from any bytes to devices, issues and warnings. Pure: the bytes come from a ``Content``."""

from shared.manifest.digest import RunningDigest
from shared.manifest.findings import Finding, Findings, Place, UnreadableError
from shared.manifest.inspection import inspect
from shared.manifest.manifest import Manifest, Row, Source, reread
from shared.manifest.messages import CODES, ISSUES, TARGET_ISSUES, WARNINGS
from shared.manifest.reading import MAX_DEVICES, Content, InMemory

__all__ = [
    "CODES",
    "ISSUES",
    "MAX_DEVICES",
    "TARGET_ISSUES",
    "WARNINGS",
    "Content",
    "Finding",
    "Findings",
    "InMemory",
    "Manifest",
    "Place",
    "Row",
    "RunningDigest",
    "Source",
    "UnreadableError",
    "inspect",
    "reread",
]
