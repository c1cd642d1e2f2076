# Subscribes the deployed function app to the events of the manifests' container. `azd up` and `azd deploy` run it;
# it can be run again at any time: `azd hooks run postdeploy`. It does what subscribe.sh does, step by step.
#Requires -Version 7.2
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false  # a profile may say otherwise, and az may fail at first

$Pause = if ($env:SUBSCRIBE_PAUSE) { [int]$env:SUBSCRIBE_PAUSE } else { 10 }  # seconds between two tries
$Tries = if ($env:SUBSCRIBE_TRIES) { [int]$env:SUBSCRIBE_TRIES } else { 30 }
# Az's words for what no further try fixes, in the forms of its two commands.
$Permanent = '(^|[^A-Za-z])(AuthorizationFailed|InvalidTemplate)([^A-Za-z]|$)|Authorization failed for template resource|Error BCP[0-9]|AADSTS'
$Template = Join-Path $PSScriptRoot '..' 'subscription.bicep'
$Errors = @()  # what az last wrote to stderr

# PowerShell shows what is thrown amid an excerpt of the source; this is the sentence alone.
function Exit-WithSentence([string]$Sentence) {
    [Console]::Error.WriteLine($Sentence)
    exit 1
}

# The host makes the key when it first starts with the code. Only its name is asked for, never the key itself.
# The spaces make PowerShell quote the query: az.cmd stumbles over a bare parenthesis (azure-cli issue 14972).
function Test-WebhookKey {
    $names, $script:Errors = @(az functionapp keys list --subscription $env:AZURE_SUBSCRIPTION_ID `
        --resource-group $env:AZURE_RESOURCE_GROUP --name $env:FUNCTION_APP_NAME `
        --query 'keys( systemKeys )' --output tsv 2>&1).Where({ $_ -is [string] }, 'Split')
    return ($LASTEXITCODE -eq 0) -and (@($names -split '\s+') -contains 'blobs_extension')
}

# Event Grid calls the webhook before it makes or changes its subscription, and a cold app may answer too late at first;
# the topic's right to write into the queue may not have spread yet.
function Publish-ManifestSubscription {
    $output, $script:Errors = @(az deployment group create --subscription $env:AZURE_SUBSCRIPTION_ID `
        --resource-group $env:AZURE_RESOURCE_GROUP --name manifest-events --template-file $Template --output none `
        --parameters "functionAppName=$env:FUNCTION_APP_NAME" "topicName=$env:EVENT_TOPIC_NAME" `
        "dataAccountName=$env:DATA_ACCOUNT_NAME" "manifestContainer=$env:MANIFEST_CONTAINER" `
        "wakeUpQueue=$env:WAKE_UP_QUEUE" "deadLetterContainer=$env:DEAD_LETTER_CONTAINER" 2>&1).Where({ $_ -is [string] }, 'Split')
    $output | Out-Host
    return $LASTEXITCODE -eq 0
}

function Invoke-UntilDone([string]$Reason, [scriptblock]$Step) {
    $told = ''
    for ($attempt = 1; -not (& $Step); $attempt++) {
        $lines = @($Errors | ForEach-Object { $_.Exception.Message } | Where-Object { $_ })
        if ($lines -and $lines[-1] -cne $told) {
            $told = $lines[-1]
            Write-Output "az says: $told"
        }
        if ($lines -cmatch $Permanent) { Exit-WithSentence "$Reason $lines" }
        if ($attempt -ge $Tries) { Exit-WithSentence "$Reason Given up after $attempt tries. $lines" }
        Start-Sleep -Seconds $Pause
    }
}

if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
    Exit-WithSentence 'The Azure CLI (az) is needed: https://aka.ms/azure-cli'
}
foreach ($name in 'AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP', 'FUNCTION_APP_NAME', 'EVENT_TOPIC_NAME',
    'DATA_ACCOUNT_NAME', 'MANIFEST_CONTAINER', 'WAKE_UP_QUEUE', 'DEAD_LETTER_CONTAINER') {
    if (-not [Environment]::GetEnvironmentVariable($name)) {
        Exit-WithSentence "$name is not set: run this through azd, which knows what it deployed."
    }
}
az account show --subscription $env:AZURE_SUBSCRIPTION_ID --output none
if ($LASTEXITCODE -ne 0) { Exit-WithSentence 'Sign in first: az login' }

Write-Output "Waiting for the key of the blob trigger's webhook ..."
Invoke-UntilDone 'The host has made no key (blobs_extension). Is the code deployed, and does az see the app?' {
    Test-WebhookKey
}
Write-Output "Subscribing $env:FUNCTION_APP_NAME to the container $env:MANIFEST_CONTAINER ..."
Invoke-UntilDone 'The subscriptions could not be made.' { Publish-ManifestSubscription }
Write-Output 'Done: manifests dropped from now on are picked up.'
if (-not $env:PARTNER_CENTER_APP_ID -and $env:PARTNER_CENTER_AUTH -ne 'managed_identity') {
    Write-Output 'Next: infra/scripts/register-app.ps1, so that the app can sign in to Partner Center.'
}
