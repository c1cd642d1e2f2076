# Registers the app that the function app signs in as (docs/signing-in.md): `azd up`, then this, then `azd provision`.
# It does what register-app.sh does, step by step, and can be run again at any time. -Yes goes on without asking.
#Requires -Version 7.2
param([switch]$Yes)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false  # a profile may say otherwise, and az may fail at first

$Pause = if ($env:REGISTER_PAUSE) { [int]$env:REGISTER_PAUSE } else { 5 }  # seconds between two tries
$Tries = if ($env:REGISTER_TRIES) { [int]$env:REGISTER_TRIES } else { 8 }
$PartnerCenter = 'fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd'
$UserImpersonation = '1cebfa2a-fb4d-419e-b5f9-839b4383e05a'
$CredentialName = 'function-app-identity'
# Az's words while parts of Entra ID do not know yet what was created a moment ago.
$NotYet = "does not exist|doesn't exist|not found|NotFound|local tenant|valid application object"
$Clouds = @{
    global        = 'https://login.microsoftonline.com', 'api://AzureADTokenExchange'
    us_government = 'https://login.microsoftonline.us', 'api://AzureADTokenExchangeUSGov'
    china         = 'https://login.partner.microsoftonline.cn', 'api://AzureADTokenExchangeChina'
}

# Empty if azd has no such setting.
function Get-Setting([string]$Name) {
    return (@($Settings) -clike "$Name=*" -replace '^[^=]*=' -replace '"') -join ''
}

function Test-Guid([string]$Text) {
    return $Text -match '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
}

function Read-Az {
    $text = @(az @args --output tsv)
    if ($LASTEXITCODE -ne 0) { throw "az $($args[0..2]) failed; nothing was changed. If you are not signed in: az login" }
    return $text
}

# The app that azd remembers, or else the one of this name.
function Find-App {
    $found = @()
    $known = Get-Setting PARTNER_CENTER_APP_ID
    if (Test-Guid $known) { $found = @(Read-Az ad app list --filter "appId eq '$known'" --query '[].appId') }
    if (-not $found) { $found = @(Read-Az ad app list --filter "displayName eq '$AppName'" --query '[].appId') }
    if ($found.Count -gt 1) {
        throw "Several apps are called ""$AppName"". Choose one: azd env set PARTNER_CENTER_APP_ID <its application id>"
    }
    return "$found"
}

function Find-Principal([string]$Id) {
    return "$(Read-Az ad sp list --filter "appId eq '$Id'" --query '[].id')"
}

# "identity": the app trusts it; "other": its credential of our name trusts another one; or neither.
function Get-Trust {
    if (@($Credentials) -clike "*`t$Issuer`t$Identity`t$Audience") { return 'identity' }
    if (@($Credentials) -clike "$CredentialName`t*") { return 'other' }
    return ''
}

function Get-FormerIdentity {
    return (@(@($Credentials) -clike "$CredentialName`t*")[0] -split "`t")[2]
}

function Test-Permission {
    return @($Permissions) -ccontains $UserImpersonation
}

function Test-Consent {
    $scopes = @(@($Grants) -clike "AllPrincipals`t$ApiPrincipal`t*") | ForEach-Object { ($_ -split "`t")[2] -split ' ' }
    return @($scopes) -ccontains 'user_impersonation'
}

function Get-Plan {
    if (-not $App) { "  create the app registration ""$AppName""" }
    if (-not $AppPrincipal) { '  create its service principal' }
    switch (Get-Trust) {
        'identity' { }
        'other' { "  let app $App trust the managed identity $Identity in place of $(Get-FormerIdentity)" }
        default { "  let it trust the managed identity $Identity (issuer $Issuer)" }
    }
    if (-not $ApiPrincipal) { '  add Microsoft Partner Center to the tenant' }
    if (-not (Test-Permission)) { "  give it Partner Center's delegated permission user_impersonation" }
    if (-not (Test-Consent)) { '  consent to this permission for the whole tenant' }
    Get-OutdatedSetting | ForEach-Object { "  azd env set $_" }
}

# The settings of azd that are still to be set. Who has chosen app_user keeps it.
function Get-OutdatedSetting {
    $wanted = [ordered]@{
        PARTNER_CENTER_AUTH      = 'federated_app'
        PARTNER_CENTER_TENANT_ID = $Tenant
        PARTNER_CENTER_APP_ID    = if ($App) { $App } else { '<its application id>' }
    }
    if ((Get-Setting PARTNER_CENTER_AUTH) -ceq 'app_user') { $wanted.Remove('PARTNER_CENTER_AUTH') }
    foreach ($key in $wanted.Keys) {
        if ((Get-Setting $key) -cne $wanted[$key]) { "$key $($wanted[$key])" }
    }
}

# Tries again while Entra ID does not know everywhere what was created just before.
function Invoke-Change {
    "az $args" | Out-Host
    for ($attempt = 1; ; $attempt++) {
        $output, $faults = @(az @args --output tsv 2>&1).Where({ $_ -is [string] }, 'Split')
        if ($LASTEXITCODE -eq 0) { return $output }
        $lines = @($faults | ForEach-Object { $_.Exception.Message }) -join "`n"
        if ($attempt -ge $Tries -or $lines -cnotmatch $NotYet) {
            throw "$lines`nThis takes the role Application Administrator. " +
                'What was done before stays done: this script can be run again.'
        }
        Start-Sleep -Seconds $Pause
    }
}

# From a file: not every PowerShell hands the quotes of JSON on to az.
function Publish-Trust {
    $trust = [ordered]@{ issuer = $Issuer; subject = $Identity; audiences = @($Audience) }
    $file = (New-TemporaryFile).FullName
    try {
        if ((Get-Trust) -eq 'other') {
            $trust | ConvertTo-Json | Set-Content -LiteralPath $file -Encoding utf8
            Invoke-Change ad app federated-credential update --id $App --federated-credential-id $CredentialName `
                --parameters $file | Out-Null
        } else {
            $trust.Insert(0, 'name', $CredentialName)
            $trust | ConvertTo-Json | Set-Content -LiteralPath $file -Encoding utf8
            Invoke-Change ad app federated-credential create --id $App --parameters $file | Out-Null
        }
    } finally {
        Remove-Item -LiteralPath $file
    }
}

function Register-App {
    if (-not $App) {
        $script:App = "$(Invoke-Change ad app create --display-name $AppName --sign-in-audience AzureADMyOrg `
                --query appId)"
    }
    if (-not $AppPrincipal) { Invoke-Change ad sp create --id $App --query appId | Out-Null }
    if ((Get-Trust) -ne 'identity') { Publish-Trust }
    if (-not $ApiPrincipal) { Invoke-Change ad sp create --id $PartnerCenter --query appId | Out-Null }
    if (-not (Test-Permission)) {
        Invoke-Change ad app permission add --id $App --api $PartnerCenter `
            --api-permissions "$UserImpersonation=Scope" | Out-Null
    }
    if (-not (Test-Consent)) {
        # Not admin-consent, which refuses every cloud but the global one.
        Invoke-Change ad app permission grant --id $App --api $PartnerCenter --scope user_impersonation | Out-Null
    }
}

function Publish-Setting {
    foreach ($setting in @(Get-OutdatedSetting)) {
        "azd env set $setting"
        $key, $text = $setting -split ' ', 2
        azd env set $key $text
        if ($LASTEXITCODE -ne 0) { throw "azd env set $key failed." }
    }
}

Push-Location (Join-Path $PSScriptRoot '..' '..')
try {
    if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
        throw 'The Azure CLI (az) is needed: https://aka.ms/azure-cli'
    }
    if (-not (Get-Command azd -ErrorAction SilentlyContinue)) {
        throw 'The Azure Developer CLI (azd) is needed: https://aka.ms/azd'
    }
    $Settings = @(azd env get-values)
    if ($LASTEXITCODE -ne 0) { throw 'azd knows no deployment here: run azd up first.' }
    $Identity = Get-Setting IDENTITY_PRINCIPAL_ID
    $Subscription = Get-Setting AZURE_SUBSCRIPTION_ID
    if (-not (Test-Guid $Identity)) { throw 'azd knows no deployment here: run azd up first.' }
    $AppName = "Autopilot manifest uploader ($(Get-Setting AZURE_ENV_NAME))"
    $Cloud = Get-Setting PARTNER_CENTER_CLOUD
    if (-not $Cloud) { $Cloud = 'global' }
    if (-not $Clouds.ContainsKey($Cloud)) {
        throw "PARTNER_CENTER_CLOUD is ${Cloud}: this can be done for global, us_government and china alone."
    }
    $Authority, $Audience = $Clouds[$Cloud]

    # az works in a tenant of its own, which azd does not follow, and an app trusts identities of its own tenant only.
    $Tenant = "$(Read-Az account show --query tenantId)"
    $User = "$(Read-Az account show --query user.name)"
    if ($Tenant -ne "$(Read-Az account show --subscription $Subscription --query tenantId)") {
        throw "az is in another tenant than azd: az account set --subscription $Subscription"
    }
    $Issuer = "$Authority/$Tenant/v2.0"
    Write-Output "Looking at tenant $Tenant as $User; this takes a while ..."

    $App = Find-App
    $AppPrincipal = ''
    $Credentials, $Permissions, $Grants = @(), @(), @()
    $ApiPrincipal = Find-Principal $PartnerCenter
    if ($App) {
        $AppPrincipal = Find-Principal $App
        $Credentials = @(Read-Az ad app federated-credential list --id $App `
                --query '[].[name, issuer, subject, audiences[0]]')
        $Permissions = @(Read-Az ad app permission list --id $App --query '[].resourceAccess[].id')
    }
    if ($AppPrincipal) {
        $Grants = @(Read-Az ad app permission list-grants --id $App --query '[].[consentType, resourceId, scope]')
    }

    $Plan = @(Get-Plan)
    if ($Plan) {
        Write-Output 'This will'
        Write-Output $Plan
        if (-not $Yes -and (Read-Host 'Go on? [y/N]') -notmatch '^y(es)?$') { throw 'Nothing was changed.' }
        Register-App
        Publish-Setting
    } else {
        Write-Output 'Everything is there already: nothing was changed.'
    }

    Write-Output @"

Now deploy the settings:
  azd provision
And last, the one step without a command: in Partner Center (https://partner.microsoft.com/dashboard), open
Account settings > App management and register the existing app under Web app. Its application id:
  $App
"@
} catch {
    # PowerShell would show it amid an excerpt of the source; this is the sentence alone.
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
} finally {
    Pop-Location
}
