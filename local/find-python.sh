#!/bin/sh
# Prints the path of a Python 3.13, looked for as python3.13, python3, then through pyenv and uv.
is_313() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}
found() {
    "$1" -c 'import sys; print(sys.executable)'
    exit 0
}
for candidate in python3.13 python3; do
    is_313 "$candidate" && found "$candidate"
done
if command -v pyenv >/dev/null 2>&1; then
    for candidate in "$(pyenv root)"/versions/3.13*/bin/python3; do
        is_313 "$candidate" && found "$candidate"
    done
fi
if command -v uv >/dev/null 2>&1; then
    candidate=$(uv python find 3.13 2>/dev/null)
    [ -n "$candidate" ] && is_313 "$candidate" && found "$candidate"
fi
echo "Python 3.13 is missing. Install it (https://www.python.org/downloads/, 'pyenv install 3.13', or 'uv python install 3.13') and try again." >&2
exit 1
