"""Manifests: from any bytes to devices, or to everything that is wrong with them. Pure; the bytes are a ``Content``."""

from shared.manifest.findings import Finding, Findings, UnreadableError
from shared.manifest.inspection import MAX_DEVICES, inspect
from shared.manifest.manifest import Manifest, Row, Source, reread
from shared.manifest.messages import CODES, ISSUES, WARNINGS
from shared.manifest.reading import Content, InMemory

__all__ = [
    "CODES",
    "ISSUES",
    "MAX_DEVICES",
    "WARNINGS",
    "Content",
    "Finding",
    "Findings",
    "InMemory",
    "Manifest",
    "Row",
    "Source",
    "UnreadableError",
    "inspect",
    "reread",
]
