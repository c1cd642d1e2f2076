#!/bin/sh
# Waits until the app's identity can be expected to read the container of the package: Azure stores the package as that
# identity, and refuses with 403 while its roles are only minutes old. Nobody but the identity can try that, so this looks
# at how old the roles are. It never stops a deployment: in the end, trying is all that is left.
set -eu

PAUSE=${AWAIT_ROLES_PAUSE:-10}  # seconds between two looks
TRIES=${AWAIT_ROLES_TRIES:-60}
SPREAD=300  # seconds that a role is given; Azure says up to ten minutes, people saw one

main() {
    for name in AZURE_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP HOST_ACCOUNT_NAME IDENTITY_PRINCIPAL_ID; do
        eval "[ -n \"\${$name:-}\" ]" || go_on "$name is not set: run this through azd, which knows what it deployed."
    done
    command -v az >/dev/null || go_on "The Azure CLI (az) is needed: https://aka.ms/azure-cli"
    account=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP
    account=$account/providers/Microsoft.Storage/storageAccounts/$HOST_ACCOUNT_NAME
    tries=1
    until spread; do
        [ "$tries" -gt 1 ] || echo "Waiting until the roles of the app's identity are $SPREAD seconds old, so that it can read the package ..."
        [ "$tries" -lt "$TRIES" ] || go_on "The roles are still new after $tries looks."
        tries=$((tries + 1))
        sleep "$PAUSE"
    done
}

spread() {
    listed=$(az rest --url "$account/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01" \
        --query 'value[].[properties.principalId, properties.createdOn]' --output tsv) || go_on "az cannot list the roles of $HOST_ACCOUNT_NAME."
    # A role without a moment says nothing of its age.
    newest=$(printf '%s\n' "$listed" | tr -d '\r' | grep "^$IDENTITY_PRINCIPAL_ID" | cut -f 2 | grep ^2 | cut -c 1-19 | sort | tail -n 1)
    [ -n "$newest" ] && [ "$(printf '%s\n' "$newest" "$(latest)" | sort | head -n 1)" = "$newest" ]
}

# The moment before which a role counts as spread, as Azure writes moments: these sort as texts.
latest() {
    seconds=$(($(date +%s) - SPREAD))
    date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%S 2>/dev/null || date -u -r "$seconds" +%Y-%m-%dT%H:%M:%S  # GNU, or BSD
}

go_on() {
    echo "$1 Deploying all the same; if that is refused (403), wait a few minutes and run: azd deploy"
    exit 0
}

main
