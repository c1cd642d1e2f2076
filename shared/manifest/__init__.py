"""Manifests: from any bytes to devices, or to everything that is wrong with them. Pure; the bytes are a ``Content``."""

from shared.manifest.codes import CODES, ISSUES, WARNINGS
from shared.manifest.content import Content, InMemory
from shared.manifest.finding import Finding, Findings, UnreadableError
from shared.manifest.inspection import inspect
from shared.manifest.manifest import Manifest, Row, Source, reread

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
