"""Manifests: from any bytes to devices, or to everything that is wrong with them. Pure; the bytes are a ``Content``."""

from shared.manifest.content import Content, InMemory
from shared.manifest.findings import Finding, Findings, UnreadableError
from shared.manifest.inspection import inspect
from shared.manifest.manifest import Manifest, Row, Source, reread
from shared.manifest.messages import CODES, ISSUES, WARNINGS

__all__ = [
    "CODES",
    "ISSUES",
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
