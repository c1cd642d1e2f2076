# Waits until the app's identity can be expected to read the container of the package: Azure stores the package as that
# identity, and refuses with 403 while its roles are only minutes old. It does what await-roles.sh does, step by step.
#Requires -Version 7.2
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false  # a profile may say otherwise, and az may fail

$Pause = if ($env:AWAIT_ROLES_PAUSE) { [int]$env:AWAIT_ROLES_PAUSE } else { 10 }  # seconds between two looks
$Tries = if ($env:AWAIT_ROLES_TRIES) { [int]$env:AWAIT_ROLES_TRIES } else { 60 }
$Spread = 300  # seconds that a role is given; Azure says up to ten minutes, people saw one

function Exit-AndGoOn([string]$Sentence) {
    [Console]::Out.WriteLine("$Sentence Deploying all the same; if that is refused (403), wait a few minutes and run: azd deploy")
    exit 0
}

function Test-Spread {
    $listed = az rest --url "$Account/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01" `
        --query 'value[].[properties.principalId, properties.createdOn]' --output tsv
    if ($LASTEXITCODE -ne 0) { Exit-AndGoOn "az cannot list the roles of $env:HOST_ACCOUNT_NAME." }
    # A role without a moment says nothing of its age.
    $mine = "^$env:IDENTITY_PRINCIPAL_ID\t(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
    $made = @($listed | ForEach-Object { if ($_ -match $mine) { $Matches[1] } } | Sort-Object)
    return $made -and [string]::CompareOrdinal($made[-1], [datetime]::UtcNow.AddSeconds(-$Spread).ToString('s')) -le 0
}

foreach ($name in 'AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP', 'HOST_ACCOUNT_NAME', 'IDENTITY_PRINCIPAL_ID') {
    if (-not [Environment]::GetEnvironmentVariable($name)) {
        Exit-AndGoOn "$name is not set: run this through azd, which knows what it deployed."
    }
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
    Exit-AndGoOn 'The Azure CLI (az) is needed: https://aka.ms/azure-cli'
}
$Account = "/subscriptions/$env:AZURE_SUBSCRIPTION_ID/resourceGroups/$env:AZURE_RESOURCE_GROUP" +
    "/providers/Microsoft.Storage/storageAccounts/$env:HOST_ACCOUNT_NAME"
for ($attempt = 1; -not (Test-Spread); $attempt++) {
    if ($attempt -eq 1) {
        Write-Output "Waiting until the roles of the app's identity are $Spread seconds old, so that it can read the package ..."
    }
    if ($attempt -ge $Tries) { Exit-AndGoOn "The roles are still new after $attempt looks." }
    Start-Sleep -Seconds $Pause
}
