"""Compiles the app's modules beside their sources: the deployed folder is read-only, so Python could not keep its own.

azd runs it before it zips the folder (azure.yaml), with a Python that has none of our packages: the standard library
has to do.
"""

import py_compile
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_BY_HASH = py_compile.PycInvalidationMode.CHECKED_HASH
"""Files change their times on the way to Azure. Checked, as an edit made here after a deployment has to be noticed."""


def modules(root: Path = ROOT) -> list[Path]:
    """Return the files of the app's modules, relative to ``root``."""
    return [Path("function_app.py"), *sorted(path.relative_to(root) for path in (root / "shared").rglob("*.py"))]


def compiled(name: Path) -> Path:
    """Return the name of a source's compiled module."""
    return name.parent / "__pycache__" / f"{name.stem}.{sys.implementation.cache_tag}.pyc"


def compile_all(root: Path = ROOT) -> None:
    """Leave one compiled module for each source, and none of others; another run at the same time does no harm."""
    for name in modules(root):
        # A relative name makes the same bytes wherever the folder is.
        source = name.as_posix()
        target = str(root / compiled(name))
        py_compile.compile(str(root / name), target, source, doraise=True, optimize=0, invalidation_mode=_BY_HASH)
    expected = {root / compiled(name) for name in modules(root)}
    for file in [*root.glob("__pycache__/*.pyc"), *(root / "shared").rglob("__pycache__/*.pyc")]:
        if file not in expected:
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    compile_all()
