// The function app on Flex Consumption, the one serverless plan that runs Python 3.13.

@description('Unique part of the names.')
param token string

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Resource id of the app\'s identity.')
param identityId string

@description('Most instances, of each function group or of all together.')
param maximumInstanceCount int

@description('URL of the container from which the code is deployed.')
param packageContainerUrl string

@description('App settings.')
param settings { *: string }

@description('App settings that are left out while they are empty.')
param optionalSettings { *: string }

var givenSettings = toObject(filter(items(optionalSettings), item => !empty(item.value)), item => item.key, item => item.value)

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: 'func-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      // Whether the limit is for each function group (REST reference, 2026-07) or for all of them together
      // (azure-functions-host issue 10523, 2026-01) is not certain; 6 is safe either way. Together, it is one instance
      // for each of the 5 functions and one to spare, so that no backlog keeps the sweep from running. For each group, a
      // backlog makes about 6 instances * 8 blobs (host.json, maxDegreeOfParallelism) and 6 * 12 wake-ups (batchSize 8
      // and newBatchThreshold 4) = 120 calls at a time. That is a target, no bound: what comes by the webhook can be
      // scaled beyond it (issue 11790). What spares Partner Center is the app's own pace. Which regions take values
      // below 40: docs/operating.md, Guard rails.
      scaleAndConcurrency: { maximumInstanceCount: maximumInstanceCount, instanceMemoryMB: 2048 }
      runtime: { name: 'python', version: '3.13' }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, givenSettings)
}

// Deploying goes by Entra sign-in; the passwords of the site, which every reader of its publishing profile gets, are off.
resource scmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

output name string = app.name
