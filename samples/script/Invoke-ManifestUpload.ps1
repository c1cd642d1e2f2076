<#
.SYNOPSIS
Drops a manifest and waits for its end.

.DESCRIPTION
Signs in as az login did, unless the URL has a SAS (docs/deploying.md, "Who may drop manifests"). Shows how the manifest
stands, and returns an object for each device with its outcome, or the status if there are no results. For Windows
PowerShell 5.1 and PowerShell 7.2 or later. Not signed: where Windows refuses to run it, first
Set-ExecutionPolicy -Scope Process RemoteSigned.

Exit status:
0  completed: every device is registered
1  the manifest has ended in another way, or somebody has dropped another file of this name
2  this script could not run: the file, signing in, rights, or the network
3  not at its end when the timeout was over; the manifest stays dropped, and the app goes on with it
After Ctrl-C the manifest stays dropped, too.

.PARAMETER Container
URL of the container, with a (user delegation) SAS or without.

.PARAMETER File
The manifest.

.PARAMETER Name
Name of the blob: {customer-id}/{batch-id}/{any further path}.

.PARAMETER TimeoutSeconds
Wait no longer than this. Without it, until the end.

.EXAMPLE
./Invoke-ManifestUpload.ps1 "https://{account}.blob.core.windows.net/manifests" laptops.csv `
    "{customer-id}/{batch-id}/laptops.csv"

.EXAMPLE
./Invoke-ManifestUpload.ps1 $url laptops.csv $name -TimeoutSeconds 3600 | Where-Object outcome -eq 'failed'
#>
#Requires -Version 5.1
[CmdletBinding()]
param(
    [Parameter(Mandatory)][uri]$Container,
    [Parameter(Mandatory)][string]$File,
    [Parameter(Mandatory)][AllowEmptyString()][string]$Name,
    [double]$TimeoutSeconds = [double]::PositiveInfinity
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'  # its bar slows an upload down in Windows PowerShell
$PSNativeCommandUseErrorActionPreference = $false  # a profile may say otherwise; what az returns is looked at below

$FirstPause, $LongestPause = 1, 10  # seconds between two looks, doubled from the first to the longest
$LateAfter = 180  # seconds without a status after which a person is told
$Token, $TokenFrom = '', [datetime]::MinValue

# A token is good for an hour or so, and a manifest may take longer.
function Get-Token {
    if ([datetime]::UtcNow - $TokenFrom -gt [timespan]::FromMinutes(20)) {
        if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
            throw 'The Azure CLI (az) is needed (https://aka.ms/azure-cli), or a URL with a SAS.'
        }
        $script:Token = az account get-access-token --resource https://storage.azure.com/ `
            --query accessToken --output tsv
        if ($LASTEXITCODE -ne 0) { throw 'Signing in has failed: run az login, or use a URL with a SAS.' }
        $script:TokenFrom = [datetime]::UtcNow
    }
    return $Token
}

function Get-BlobUri([string]$Blob) {
    $path = @($Blob -split '/' | ForEach-Object { [uri]::EscapeDataString($_) }) -join '/'
    return $Container.GetLeftPart([UriPartial]::Path).TrimEnd('/') + '/' + $path + $Container.Query
}

function Invoke-Storage([string]$Method, [string]$Blob, [hashtable]$Options = @{}, [hashtable]$Headers = @{}) {
    $all = $Headers + @{ 'x-ms-version' = '2021-12-02'; 'x-ms-date' = [datetime]::UtcNow.ToString('R') }
    if (-not $Container.Query) { $all['Authorization'] = "Bearer $(Get-Token)" }
    return Invoke-WebRequest -UseBasicParsing -Method $Method -Uri (Get-BlobUri $Blob) -Headers $all @Options
}

# The status code of a request that failed, 0 without an answer; what is no fault of a request is thrown on. The two
# PowerShells have exceptions of their own, but name the command alike.
function Get-StatusCode([Management.Automation.ErrorRecord]$Fault) {
    if ($Fault.FullyQualifiedErrorId -notlike '*InvokeWebRequestCommand') { throw $Fault }
    $response = $Fault.Exception.PSObject.Properties['Response']
    if ($response -and $response.Value) { return [int]$response.Value.StatusCode }
    return 0
}

# No text of the network's own: it may repeat the SAS.
function Get-Explanation([int]$StatusCode) {
    if ($StatusCode -in 401, 403 -and $Container.Query) {
        return 'Storage refuses the SAS: has it expired, and does it allow to read, create and write?'
    }
    if ($StatusCode -in 401, 403) {
        return 'Storage refuses: you need the role Storage Blob Data Contributor on the container.'
    }
    if ($StatusCode) { return "Storage answers $StatusCode. Is the URL of the container right?" }
    return "No connection to $($Container.Host)."
}

# Uploads the file and returns the ETag by which its status is known.
function Publish-Manifest {
    $options = @{ InFile = (Resolve-Path -LiteralPath $File).ProviderPath; ContentType = 'application/octet-stream' }
    try {
        $response = Invoke-Storage PUT $Name $options @{ 'x-ms-blob-type' = 'BlockBlob' }
    } catch {
        throw (Get-Explanation (Get-StatusCode $_))
    }
    return "$(@($response.Headers['ETag'])[0])".Trim('"')
}

# The text of a blob; nothing while there is none, or while the network is in trouble.
function Read-Blob([string]$Blob) {
    try {
        $response = Invoke-Storage GET $Blob
    } catch {
        $code = Get-StatusCode $_
        if ($code -eq 0 -or $code -eq 404 -or $code -ge 500) { return '' }
        throw (Get-Explanation $code)
    }
    # As UTF-8, whatever the answer says of its characters, and without the byte-order mark.
    return [Text.Encoding]::UTF8.GetString($response.RawContentStream.ToArray()).TrimStart([char]0xFEFF)
}

function Write-Line([string]$Text) {
    Write-Information $Text -InformationAction Continue
}

# Refuses what would fail without a clear reason, or be waited for without end.
function Assert-Argument {
    if (-not ($Container.IsAbsoluteUri -and $Container.AbsolutePath.Trim('/'))) {
        throw "$($Container.OriginalString.Split('?')[0]) is no URL of a container."
    }
    if ($Container.Scheme -eq 'http' -and -not $Container.Query) {
        throw 'Signing in needs https. Without it, use a URL with a SAS.'
    }
    if (-not $Name) { throw 'The name is empty.' }
    if ($Name -cmatch '\.(status\.json|results\.csv)$') {
        throw "$Name is never a manifest: the app's own blobs end so."
    }
    if (-not (Test-Path -LiteralPath $File -PathType Leaf)) { throw "${File}: no such file." }
}

# The issues of a status that has no results, for a person; the status without the app's own bookkeeping.
function Get-Refusal($Status) {
    foreach ($issue in $Status.issues) { Write-Line "$($issue.'where'): $($issue.message)" }
    return $Status | Select-Object -Property * -ExcludeProperty internal
}

# Looks until the status is final and speaks of what was dropped, not of an older file of the same name. Returns
# nothing when the time is over first.
function Wait-Manifest([string]$ETag) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $pause = $FirstPause
    $seen, $shown, $isLate = $false, '', $false
    while ($true) {
        $text = Read-Blob "$Name.status.json"
        $status = if ($text) { $text | ConvertFrom-Json } else { $null }
        if ($status -and $status.etag -ceq $ETag) {
            $seen = $true
            $line = "$($status.state): $($status.message)"
            if ($line -cne $shown) { Write-Line "$(Get-Date -Format 'HH:mm:ss') $line" }
            $shown = $line
            if ($status.final) { return $status }
        } elseif ($status -and ($seen -or ($status.previous -and $status.previous.etag -ceq $ETag))) {
            return @{ state = 'overwritten'; results = $null }
        }
        if (-not ($seen -or $isLate) -and $clock.Elapsed.TotalSeconds -ge $LateAfter) {
            $isLate = $true
            Write-Line 'No status yet. Is the app running, and signed in? docs/troubleshooting.md says where to look.'
        }
        $left = $TimeoutSeconds - $clock.Elapsed.TotalSeconds
        if ($left -le 0) { return }
        Start-Sleep -Milliseconds ([int](1000 * [Math]::Min($pause, $left)))
        $pause = [Math]::Min(2 * $pause, $LongestPause)
    }
}

try {
    if ($PSVersionTable.PSVersion.Major -lt 6) {
        [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    }
    Assert-Argument
    $etag = Publish-Manifest
    Write-Line "Dropped $File as $Name."
    $end = Wait-Manifest $etag
    if (-not $end) {
        Write-Line "Not at its end after $TimeoutSeconds seconds. What was dropped stays dropped."
        exit 3
    }
    if ($end.state -eq 'overwritten') {
        Write-Line "Somebody has dropped another file as $Name."
        exit 1
    }
    if ($end.results) { Read-Blob $end.results | ConvertFrom-Csv } else { Get-Refusal $end }
    if ($end.state -ne 'completed') { exit 1 }
    exit 0
} catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 2
}
