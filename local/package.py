"""Builds the zip that is deployed: the app's own files, and nothing that only develops or tests it."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pathspec

from local.compiled import ROOT, compile_all

FILE = ROOT / "dist" / "app.zip"
_MIDNIGHT = (2026, 1, 1, 0, 0, 0)
"""One time for all entries, so that the same files give the same zip."""


def deployed_files(root: Path = ROOT) -> list[Path]:
    """Give the files that ``.funcignore`` lets through, relative to ``root``, in order."""
    ignored = pathspec.GitIgnoreSpec.from_lines((root / ".funcignore").read_text(encoding="utf-8").splitlines())
    return list(_files(root, Path(), ignored))


def _files(root: Path, folder: Path, ignored: pathspec.GitIgnoreSpec) -> Iterator[Path]:
    for path in sorted((root / folder).iterdir()):
        name = path.relative_to(root)
        if path.is_dir() and not ignored.match_file(f"{name}/"):
            yield from _files(root, name, ignored)
        elif path.is_file() and not ignored.match_file(str(name)):
            yield name


def build(file: Path = FILE, root: Path = ROOT) -> Path:
    """Write the zip by the two steps that azd takes: compile, and zip what ``.funcignore`` lets through."""
    compile_all(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in deployed_files(root):
            _add(archive, name, (root / name).read_bytes())
    return file


def _add(archive: zipfile.ZipFile, name: Path, data: bytes) -> None:
    entry = zipfile.ZipInfo(name.as_posix(), _MIDNIGHT)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


if __name__ == "__main__":
    print(build().relative_to(ROOT))
