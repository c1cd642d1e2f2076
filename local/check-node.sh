#!/bin/sh
# Reports in one line when Node.js 20 or later, which runs the storage emulator, is missing.
major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
if [ -z "$major" ] || [ "$major" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
    echo "Node.js 20 or later, with npm, is missing: it runs the storage emulator. Get it from https://nodejs.org/ and try again." >&2
    exit 1
fi
