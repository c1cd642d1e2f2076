"""Names of the blobs beside a manifest: the status and the device results.

Everything in the container that is not one of these, nor a directory marker, is taken as a manifest.
"""

import re
from collections.abc import Mapping

STATUS_SUFFIX = ".status.json"
RESULTS_SUFFIX = ".results.csv"
LONGEST_BLOB_NAME = 1024
LONGEST_MANIFEST_NAME = LONGEST_BLOB_NAME - len(STATUS_SUFFIX)
"""Characters. A longer name leaves no room for the status blob's name."""

# The Blob service folds such a segment, encoded or not (seen live in issue 5275 of azure-sdk-for-rust).
_FOLDED = re.compile(r"(?:^|[/\\])\.\.?(?:[/\\]|$)")
# It may also take a backslash for a slash, and drop a dot at the end (seen live in issue 71 of tsanetgit/Connect_SDK).
_MAYBE_FOLDED = re.compile(r"\\|\.(?:/|$)")


def is_manifest(name: str) -> bool:
    """Return whether a blob's name is a manifest's: neither a status nor a results blob."""
    return not name.endswith((STATUS_SUFFIX, RESULTS_SUFFIX))


def marks_directory(metadata: Mapping[str, str]) -> bool:
    """Return whether a blob's metadata say that it only marks an empty directory of a hierarchical namespace."""
    # The case of names is not significant: some clients send and return this one as ``Hdi_isfolder``.
    return any((name.lower(), value.lower()) == ("hdi_isfolder", "true") for name, value in metadata.items())


def has_room_for_status(name: str) -> bool:
    """Return whether the status blob's name would still be a legal blob name."""
    return len(name) <= LONGEST_MANIFEST_NAME


def names_another(name: str) -> bool:
    """Return whether a name is empty or has a segment ``.`` or ``..``, so that its address would be another blob's."""
    return not name or _FOLDED.search(name) is not None


def may_name_another(name: str) -> bool:
    """Return whether a name's address is another blob's where the storage folds more than dotted segments."""
    return _MAYBE_FOLDED.search(name) is not None


def status_of(manifest: str) -> str:
    """Return the name of a manifest's status blob."""
    return manifest + STATUS_SUFFIX


def manifest_of(status: str) -> str:
    """Return the name of the manifest that a status blob is about."""
    return status.removesuffix(STATUS_SUFFIX)


def results_of(manifest: str) -> str:
    """Return the name of a manifest's results blob."""
    return manifest + RESULTS_SUFFIX
