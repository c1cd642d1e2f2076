"""What azd zips, by the sources of azd 1.23.13 and of its ignore library, go-gitignore of denormal."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

NEVER = {".azure", ".funcignore", "local.settings.json"}


def zipped_by_azd(folder: Path) -> dict[str, bytes]:
    """Give what is in the zip of a service's folder, by name."""
    lines = (folder / ".funcignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder, folder, patterns)}


def _files(root: Path, folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NEVER or _ignored(path.relative_to(root).as_posix(), patterns, is_folder=path.is_dir()):
            continue
        if path.is_dir():
            yield from _files(root, path, patterns)
        else:
            yield path


def _ignored(name: str, patterns: list[str], *, is_folder: bool) -> bool:
    for pattern in reversed(patterns):
        if _matches(name, pattern.removeprefix("!"), is_folder=is_folder):
            return not pattern.startswith("!")
    return False


def _matches(name: str, pattern: str, *, is_folder: bool) -> bool:
    """Tell whether a pattern matches; unlike git's, one for a folder does not match what is in the folder."""
    if pattern.endswith("/") and not is_folder:
        return False
    glob = pattern.strip("/")
    if "/" in glob:
        return _parts_match(name.split("/"), glob.split("/"))
    # An anchored pattern without a slash inside meets the whole path, and its * matches slashes as well.
    return fnmatchcase(name if pattern.startswith("/") else name.rpartition("/")[2], glob)


def _parts_match(parts: list[str], globs: list[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] == "**":
        return _parts_match(parts, globs[1:]) or (bool(parts) and _parts_match(parts[1:], globs))
    return bool(parts) and fnmatchcase(parts[0], globs[0]) and _parts_match(parts[1:], globs[1:])
