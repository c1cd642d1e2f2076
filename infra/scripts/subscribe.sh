#!/bin/sh
# Subscribes the deployed function app to the events of the manifests' container. `azd up` and `azd deploy` run it;
# it can be run again at any time: `azd hooks run postdeploy`.
set -eu

PAUSE=${SUBSCRIBE_PAUSE:-10}  # seconds between two tries
TRIES=${SUBSCRIBE_TRIES:-30}
# Az's words for what no further try fixes, in the forms of its two commands.
PERMANENT='(^|[^A-Za-z])(AuthorizationFailed|InvalidTemplate)([^A-Za-z]|$)|Authorization failed for template resource|Error BCP[0-9]|AADSTS'

main() {
    command -v az >/dev/null || fail "The Azure CLI (az) is needed: https://aka.ms/azure-cli"
    for name in AZURE_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP FUNCTION_APP_NAME EVENT_TOPIC_NAME DATA_ACCOUNT_NAME \
        MANIFEST_CONTAINER WAKE_UP_QUEUE DEAD_LETTER_CONTAINER; do
        eval "[ -n \"\${$name:-}\" ]" || fail "$name is not set: run this through azd, which knows what it deployed."
    done
    az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none || fail "Sign in first: az login"
    errors=$(mktemp)
    trap 'rm -f "$errors"' EXIT
    echo "Waiting for the key of the blob trigger's webhook ..."
    insist "The host has made no key (blobs_extension). Is the code deployed, and does az see the app?" key_exists
    echo "Subscribing $FUNCTION_APP_NAME to the container $MANIFEST_CONTAINER ..."
    insist "The subscriptions could not be made." subscribe
    echo "Done: manifests dropped from now on are picked up."
    [ -n "${PARTNER_CENTER_APP_ID:-}" ] || [ "${PARTNER_CENTER_AUTH:-}" = managed_identity ] ||
        echo "Next: infra/scripts/register-app.sh, so that the app can sign in to Partner Center."
}

# The host makes the key when it first starts with the code. Only its name is asked for, never the key itself.
key_exists() {
    names=$(az functionapp keys list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$FUNCTION_APP_NAME" --query 'keys( systemKeys )' --output tsv 2>"$errors") || return 1
    printf '%s\n' "$names" | tr -d '\r' | grep -qx blobs_extension
}

# Event Grid calls the webhook before it makes or changes its subscription, and a cold app may answer too late at first;
# the topic's right to write into the queue may not have spread yet.
subscribe() {
    az deployment group create --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
        --name manifest-events --template-file "$here/../subscription.bicep" --output none --parameters \
        "functionAppName=$FUNCTION_APP_NAME" "topicName=$EVENT_TOPIC_NAME" "dataAccountName=$DATA_ACCOUNT_NAME" \
        "manifestContainer=$MANIFEST_CONTAINER" "wakeUpQueue=$WAKE_UP_QUEUE" \
        "deadLetterContainer=$DEAD_LETTER_CONTAINER" 2>"$errors"
}

insist() {
    reason=$1
    shift
    tries=1
    told=""
    until "$@"; do
        tell_last_error
        ! grep -Eq "$PERMANENT" "$errors" || fail "$reason $(cat "$errors")"
        [ "$tries" -lt "$TRIES" ] || fail "$reason Given up after $tries tries. $(cat "$errors")"
        tries=$((tries + 1))
        sleep "$PAUSE"
    done
}

# On the standard output: azd shows the other one only when the script has failed.
tell_last_error() {
    last=$(grep . "$errors" | tail -n 1)
    if [ -n "$last" ] && [ "$last" != "$told" ]; then
        echo "az says: $last"
        told=$last
    fi
}

fail() {
    echo "$1" >&2
    exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
main
