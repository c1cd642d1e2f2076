// What `azd up` makes. This file only puts the modules together; each setting of the app is a parameter here.
targetScope = 'subscription'

@description('Name of the azd environment. The resource group is named after it, and all other names are derived from it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region of everything; it must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
param location string

// ---- Settings of the app. Each becomes the app setting of the same name in capitals; docs/settings.md lists them.

@description('Container of the manifests.')
param manifestContainer string = 'manifests'

@description('Storage queue of the follow-ups.')
param wakeUpQueue string = 'manifest-wake-ups'

@description('When the sweep runs: six-field cron, UTC.')
param sweepSchedule string = '0 */15 * * * *'

@description('How the app signs in to Partner Center. federated_app needs the two ids below, which scripts/register-app sets.')
@allowed(['managed_identity', 'federated_app', 'app_user'])
param partnerCenterAuth string = 'federated_app'

@description('Cloud of Partner Center: base URL, authority and token audience.')
@allowed(['global', 'china', 'us_government', 'germany'])
param partnerCenterCloud string = 'global'

@description('Another base URL of Partner Center; empty: that of the cloud.')
param partnerCenterUrl string = ''

@description('Another authority to sign in at; empty: that of the cloud.')
param azureAuthorityHost string = ''

@description('Tenant of the app registration, for federated_app and app_user.')
param partnerCenterTenantId string = ''

@description('Application (client) id of the app registration, for federated_app and app_user.')
param partnerCenterAppId string = ''

@description('URL of the Key Vault secret that holds the refresh token, for app_user. The vault is yours; see vault-access.bicep.')
param partnerCenterRefreshTokenUrl string = ''

@description('URL of the Key Vault secret with the certificate by which the app registration proves itself; empty: by the identity.')
param partnerCenterCertificateUrl string = ''

@description('Whether an unknown batch is created (app_user only).')
@allowed(['false', 'true'])
param createMissingBatch string = 'false'

@description('Value of the header X-Locale.')
param partnerCenterLocale string = 'en-US'

@description('Value of the header MS-PartnerCenter-Application.')
param partnerCenterApplication string = 'autopilot-manifest-uploader'

@description('Most devices in one request.')
@minValue(1)
@maxValue(20000)
param maxDevicesPerUpload int = 1000

@description('Larger manifests are rejected unread, in bytes.')
@minValue(1)
param maxManifestBytes int = 268435456

@description('Manifests with more rows are rejected.')
param maxDevices int = 250000

@description('Most requests to Partner Center in a minute, where its quota is known or shared; empty: as many as it serves.')
param maxRequestsPerMinute string = ''

@description('How long an upload is tried, and how long an accepted one is followed: ISO 8601 duration. Keep it well below manifestDays.')
param giveUpAfter string = 'P2D'

@description('Comma-separated customer ids; the manifests of all others are rejected. Empty: every customer.')
param allowedCustomers string = ''

@description('How long an attempt may go without saving before another may take over: ISO 8601 duration.')
param leaseDuration string = 'PT5M'

@description('Time from acceptance to the first question how far the registration is: ISO 8601 duration.')
param firstPollAfter string = 'PT45S'

@description('Longest time between two such questions: ISO 8601 duration.')
param longestPollInterval string = 'PT10M'

@description('Wait after a first temporary fault, doubled after each further one: ISO 8601 duration.')
param firstRetryAfter string = 'PT30S'

@description('Longest such wait: ISO 8601 duration.')
param longestRetryInterval string = 'PT15M'

// ---- Settings of the resources.

@description('Most instances, of each function group or of all together; docs/operating.md has the arithmetic.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 6

@description('Days after which manifests, status and results blobs are deleted.')
@minValue(30)
param manifestDays int = 90

@description('Days after which dead-lettered events are deleted.')
@minValue(1)
param deadLetterDays int = 30

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('Gigabytes of logs a day at which collection stops until the next, so that a fault cannot run up a bill.')
@minValue(1)
param logDailyCapGb int = 1

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

// Known from the start, so that `azd provision --preview` can look into the modules that name resources by them.
// principalId is known only when the identity is there, and role assignments are named after it: an assignment cannot
// be turned over to another principal, so a new identity needs assignments with names of their own.
var dataAccountName = 'stdata${token}'
var deadLetterContainer = 'dead-letters'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    logDays: logDays
    logDailyCapGb: logDailyCapGb
    #disable-next-line what-if-short-circuiting
    principalId: identity.outputs.principalId
  }
}

module data 'modules/data-account.bicep' = {
  name: 'data-account'
  scope: group
  params: {
    name: dataAccountName
    location: location
    tags: tags
    manifestContainer: manifestContainer
    deadLetterContainer: deadLetterContainer
    wakeUpQueue: wakeUpQueue
    manifestDays: manifestDays
    deadLetterDays: deadLetterDays
    #disable-next-line what-if-short-circuiting
    principalId: identity.outputs.principalId
  }
}

module host 'modules/host-account.bicep' = {
  name: 'host-account'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    #disable-next-line what-if-short-circuiting
    principalId: identity.outputs.principalId
  }
}

module events 'modules/event-topic.bicep' = {
  name: 'event-topic'
  scope: group
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    dataAccountName: dataAccountName
    deadLetterContainer: deadLetterContainer
    wakeUpQueue: wakeUpQueue
  }
  dependsOn: [data] // by their names alone, Bicep cannot see that account, container and queue come first
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    identityId: identity.outputs.id
    maximumInstanceCount: maximumInstanceCount
    packageContainerUrl: host.outputs.packageContainerUrl
    settings: {
      AzureWebJobsStorage__blobServiceUri: host.outputs.blobServiceUri
      AzureWebJobsStorage__queueServiceUri: host.outputs.queueServiceUri
      AzureWebJobsStorage__tableServiceUri: host.outputs.tableServiceUri
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.outputs.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
      // As many as an instance runs invocations at a time: batchSize 8 and half as many again of a queue, 8 blobs.
      PYTHON_THREADPOOL_THREAD_COUNT: '12'
      // Both URIs: without the queue's, the host could not write its poison messages. Never a plain `ManifestStorage`:
      // it would win over these without a word.
      ManifestStorage__blobServiceUri: data.outputs.blobServiceUri
      ManifestStorage__queueServiceUri: data.outputs.queueServiceUri
      ManifestStorage__credential: 'managedidentity'
      ManifestStorage__clientId: identity.outputs.clientId
      MANIFEST_CONTAINER: manifestContainer
      MANIFEST_TRIGGER_SOURCE: 'EventGrid' // Flex Consumption knows no other
      WAKE_UP_QUEUE: wakeUpQueue
      SWEEP_SCHEDULE: sweepSchedule
      PARTNER_CENTER_AUTH: partnerCenterAuth
      PARTNER_CENTER_CLOUD: partnerCenterCloud
      PARTNER_CENTER_CLIENT_ID: identity.outputs.clientId
      CREATE_MISSING_BATCH: createMissingBatch
      PARTNER_CENTER_LOCALE: partnerCenterLocale
      PARTNER_CENTER_APPLICATION: partnerCenterApplication
      MAX_DEVICES_PER_UPLOAD: string(maxDevicesPerUpload)
      MAX_MANIFEST_BYTES: string(maxManifestBytes)
      MAX_DEVICES: string(maxDevices)
      GIVE_UP_AFTER: giveUpAfter
      LEASE_DURATION: leaseDuration
      FIRST_POLL_AFTER: firstPollAfter
      LONGEST_POLL_INTERVAL: longestPollInterval
      FIRST_RETRY_AFTER: firstRetryAfter
      LONGEST_RETRY_INTERVAL: longestRetryInterval
    }
    // Left out while empty: an empty AZURE_AUTHORITY_HOST is no authority, and libraries read it too.
    optionalSettings: {
      PARTNER_CENTER_URL: partnerCenterUrl
      AZURE_AUTHORITY_HOST: azureAuthorityHost
      PARTNER_CENTER_TENANT_ID: partnerCenterTenantId
      PARTNER_CENTER_APP_ID: partnerCenterAppId
      PARTNER_CENTER_REFRESH_TOKEN_SECRET: partnerCenterRefreshTokenUrl
      PARTNER_CENTER_CERTIFICATE_SECRET: partnerCenterCertificateUrl
      ALLOWED_CUSTOMERS: allowedCustomers
      MAX_REQUESTS_PER_MINUTE: maxRequestsPerMinute
    }
  }
}

// azd keeps these in its environment; the post-deploy script and the commands of docs/ read them there.
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = app.outputs.name
output HOST_ACCOUNT_NAME string = host.outputs.name
output DATA_ACCOUNT_NAME string = dataAccountName
output MANIFEST_CONTAINER string = manifestContainer
output DEAD_LETTER_CONTAINER string = deadLetterContainer
output WAKE_UP_QUEUE string = wakeUpQueue
output EVENT_TOPIC_NAME string = events.outputs.name
output APPLICATION_INSIGHTS_NAME string = monitoring.outputs.name
output IDENTITY_CLIENT_ID string = identity.outputs.clientId
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
