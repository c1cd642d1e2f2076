#!/bin/sh
# Compiles every Bicep template, which lints it too, and fails on a warning as on an error. Without a compiler on the path
# it says so and is content: `make check` runs it anywhere, the CI workflow where there is one.
set -eu

cd "$(dirname -- "$0")/../.."
if ! command -v bicep >/dev/null; then
    echo "The Bicep templates are not compiled: there is no bicep on the path (https://aka.ms/bicep-install)."
    exit 0
fi
bicep --version
messages=$(mktemp)
trap 'rm -f "$messages"' EXIT
failed=0
for template in infra/*.bicep infra/modules/*.bicep samples/logic-app/main.bicep; do
    bicep build --stdout "$template" >/dev/null 2>"$messages" || failed=1
    [ ! -s "$messages" ] || failed=1
    cat "$messages" >&2
done
exit "$failed"
