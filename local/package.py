"""Builds the zip that is deployed: the app's own files, and nothing that only develops or tests it."""

import zipfile
from pathlib import Path

from local.compiled import ROOT, compile_all, compiled, modules

FILE = ROOT / "dist" / "app.zip"
_MIDNIGHT = (2026, 1, 1, 0, 0, 0)
"""One time for all entries, so that the same files give the same zip."""


def deployed_files(root: Path = ROOT) -> list[Path]:
    """Return the files that are deployed, relative to ``root``, in order."""
    sources = modules(root)
    return sorted([Path("host.json"), Path("requirements.txt"), *sources, *map(compiled, sources)])


def build(file: Path = FILE, root: Path = ROOT) -> Path:
    """Write the zip that azd makes by its hook, which compiles, and by ``.funcignore``."""
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
