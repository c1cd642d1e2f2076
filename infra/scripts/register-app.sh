#!/bin/sh
# Registers the app that the function app signs in as (docs/signing-in.md): `azd up`, then this, then `azd provision`.
# It looks first, shows what is missing, asks, and does only that. So it can be run again at any time, and after the
# identity has changed it corrects what is outdated. --yes goes on without asking.
set -eu

PAUSE=${REGISTER_PAUSE:-5}  # seconds between two tries
TRIES=${REGISTER_TRIES:-8}
PARTNER_CENTER=fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd
USER_IMPERSONATION=1cebfa2a-fb4d-419e-b5f9-839b4383e05a
CREDENTIAL=function-app-identity
# Az's words while parts of Entra ID do not know yet what was created a moment ago.
NOT_YET="does not exist|doesn't exist|not found|NotFound|local tenant|valid application object"

main() {
    case "${1:-}" in '' | --yes) ;; *) fail "usage: register-app.sh [--yes]" ;; esac
    command -v az >/dev/null || fail "The Azure CLI (az) is needed: https://aka.ms/azure-cli"
    command -v azd >/dev/null || fail "The Azure Developer CLI (azd) is needed: https://aka.ms/azd"
    cd "$here/../.."
    errors=$(mktemp)
    trap 'rm -f "$errors"' EXIT
    read_deployment
    read_sign_in
    look
    plan=$(show_plan)
    if [ -n "$plan" ]; then
        printf 'This will\n%s\n' "$plan"
        confirm "${1:-}"
        register
        set_variables
    else
        echo "Everything is there already: nothing was changed."
    fi
    show_next_steps
}

# What azd knows: the identity that it made, and the cloud.
read_deployment() {
    settings=$(azd env get-values) || fail "azd knows no deployment here: run azd up first."
    identity=$(setting IDENTITY_PRINCIPAL_ID)
    subscription=$(setting AZURE_SUBSCRIPTION_ID)
    is_guid "$identity" || fail "azd knows no deployment here: run azd up first."
    name="Autopilot manifest uploader ($(setting AZURE_ENV_NAME))"
    cloud=$(setting PARTNER_CENTER_CLOUD)
    audience=api://AzureADTokenExchange
    case "${cloud:-global}" in
        global) authority=https://login.microsoftonline.com ;;
        us_government) authority=https://login.microsoftonline.us audience=${audience}USGov ;;
        china) authority=https://login.partner.microsoftonline.cn audience=${audience}China ;;
        *) fail "PARTNER_CENTER_CLOUD is $cloud: this can be done for global, us_government and china alone." ;;
    esac
}

# az works in a tenant of its own, which azd does not follow, and an app trusts identities of its own tenant only.
read_sign_in() {
    tenant=$(read_az account show --query tenantId)
    user=$(read_az account show --query user.name)
    deployed=$(read_az account show --subscription "$subscription" --query tenantId)
    [ "$tenant" = "$deployed" ] || fail "az is in another tenant than azd: az account set --subscription $subscription"
    issuer=$authority/$tenant/v2.0
    echo "Looking at tenant $tenant as $user; this takes a while ..."
}

look() {
    app=$(find_app)
    app_principal="" credentials="" permissions="" grants=""
    api_principal=$(principal_of "$PARTNER_CENTER")
    [ -n "$app" ] || return 0
    app_principal=$(principal_of "$app")
    credentials=$(read_az ad app federated-credential list --id "$app" \
        --query '[].[name, issuer, subject, audiences[0]]')
    permissions=$(read_az ad app permission list --id "$app" --query '[].resourceAccess[].id')
    [ -n "$app_principal" ] || return 0
    grants=$(read_az ad app permission list-grants --id "$app" --query '[].[consentType, resourceId, scope]')
}

# The app that azd remembers, or else the one of this name.
find_app() {
    found=$(setting PARTNER_CENTER_APP_ID)
    ! is_guid "$found" || found=$(read_az ad app list --filter "appId eq '$found'" --query '[].appId')
    [ -n "$found" ] || found=$(read_az ad app list --filter "displayName eq '$name'" --query '[].appId')
    [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] ||
        fail "Several apps are called \"$name\". Choose one: azd env set PARTNER_CENTER_APP_ID <its application id>"
    printf '%s\n' "$found"
}

principal_of() {
    read_az ad sp list --filter "appId eq '$1'" --query '[].id'
}

# "identity": the app trusts it; "other": its credential of our name trusts another one; or neither.
trusted() {
    if printf '%s\n' "$credentials" | cut -f 2- | grep -Fqx "$issuer$tab$identity$tab$audience"; then
        echo identity
    elif printf '%s\n' "$credentials" | cut -f 1 | grep -Fqx "$CREDENTIAL"; then
        echo other
    fi
}

former() {
    printf '%s\n' "$credentials" | grep "^$CREDENTIAL$tab" | cut -f 3
}

is_permitted() {
    printf '%s\n' "$permissions" | grep -Fqx "$USER_IMPERSONATION"
}

is_consented() {
    printf '%s\n' "$grants" | grep -F "AllPrincipals$tab$api_principal$tab" | cut -f 3 | grep -Fqw user_impersonation
}

show_plan() {
    [ -n "$app" ] || echo "  create the app registration \"$name\""
    [ -n "$app_principal" ] || echo "  create its service principal"
    case "$(trusted)" in
        identity) ;;
        other) echo "  let app $app trust the managed identity $identity in place of $(former)" ;;
        *) echo "  let it trust the managed identity $identity (issuer $issuer)" ;;
    esac
    [ -n "$api_principal" ] || echo "  add Microsoft Partner Center to the tenant"
    is_permitted || echo "  give it Partner Center's delegated permission user_impersonation"
    is_consented || echo "  consent to this permission for the whole tenant"
    outdated | sed 's/^/  azd env set /'
}

confirm() {
    [ "$1" != --yes ] || return 0
    printf 'Go on? [y/N] '
    read -r answer || answer=""
    case "$answer" in [Yy] | [Yy]es) ;; *) fail "Nothing was changed." ;; esac
}

register() {
    [ -n "$app" ] || app=$(change ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId)
    [ -n "$app_principal" ] || change ad sp create --id "$app" --query appId >/dev/null
    case "$(trusted)" in
        identity) ;;
        other) change ad app federated-credential update --id "$app" --federated-credential-id "$CREDENTIAL" \
            --parameters "{$(trust)}" >/dev/null ;;
        *) change ad app federated-credential create --id "$app" \
            --parameters "{\"name\": \"$CREDENTIAL\", $(trust)}" >/dev/null ;;
    esac
    [ -n "$api_principal" ] || change ad sp create --id "$PARTNER_CENTER" --query appId >/dev/null
    is_permitted || change ad app permission add --id "$app" --api "$PARTNER_CENTER" \
        --api-permissions "$USER_IMPERSONATION=Scope" >/dev/null
    # Not admin-consent, which refuses every cloud but the global one.
    is_consented || change ad app permission grant --id "$app" --api "$PARTNER_CENTER" \
        --scope user_impersonation >/dev/null
}

trust() {
    printf '"issuer": "%s", "subject": "%s", "audiences": ["%s"]' "$issuer" "$identity" "$audience"
}

# The settings of azd that are still to be set. Who has chosen app_user keeps it.
outdated() {
    [ "$(setting PARTNER_CENTER_AUTH)" = app_user ] || differing PARTNER_CENTER_AUTH federated_app
    differing PARTNER_CENTER_TENANT_ID "$tenant"
    differing PARTNER_CENTER_APP_ID "${app:-<its application id>}"
}

differing() {
    [ "$(setting "$1")" = "$2" ] || echo "$1 $2"
}

set_variables() {
    outdated >"$errors"
    while read -r key text; do
        echo "azd env set $key $text"
        azd env set "$key" "$text" </dev/null
    done <"$errors"
}

show_next_steps() {
    cat <<END

Now deploy the settings:
  azd provision
And last, the one step without a command: in Partner Center (https://partner.microsoft.com/dashboard), open
Account settings > App management and register the existing app under Web app. Its application id:
  $app
END
}

# Empty if azd has no such setting.
setting() {
    printf '%s\n' "$settings" | tr -d '"\r' | sed -n "s/^$1=//p"
}

# On Windows' shells the answer ends in a carriage return.
read_az() {
    text=$(az "$@" --output tsv) || fail "az $1 $2 $3 failed; nothing was changed. If you are not signed in: az login"
    printf '%s\n' "$text" | tr -d '\r'
}

# Tries again while Entra ID does not know everywhere what was created just before.
change() {
    echo "az$(quoted "$@")" >&2
    tries=1
    until text=$(az "$@" --output tsv 2>"$errors"); do
        if [ "$tries" -ge "$TRIES" ] || ! grep -Eq "$NOT_YET" "$errors"; then
            fail "$(cat "$errors")
This takes the role Application Administrator. What was done before stays done: this script can be run again."
        fi
        tries=$((tries + 1))
        sleep "$PAUSE"
    done
    printf '%s\n' "$text" | tr -d '\r'
}

quoted() {
    for word; do
        case "$word" in *[!A-Za-z0-9_.=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
}

is_guid() {
    printf '%s\n' "$1" | grep -Eqx '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'
}

fail() {
    echo "$1" >&2
    exit 1
}

tab=$(printf '\t')
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
main "$@"
