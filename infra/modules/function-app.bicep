// The function app on Flex Consumption, the one serverless plan that runs Python 3.13.

@description('Unique part of the names.')
param token string

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the app\'s identity.')
param identityId string

@description('Most instances for each function that scales by itself.')
param maximumInstanceCount int

@description('URL of the container from which the code is deployed.')
param packageContainerUrl string

@description('App settings.')
param settings object

@description('App settings that are left out while they are empty.')
param optionalSettings object

var givenSettings = toObject(filter(items(optionalSettings), item => !empty(item.value)), item => item.key, item => item.value)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
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
      // The limit holds for each function group: the blob trigger is one, each queue trigger another. A backlog
      // therefore meets Partner Center with at most 2 instances * 8 blobs (host.json, maxDegreeOfParallelism) and
      // 2 * 12 wake-ups (batchSize 8 and newBatchThreshold 4) = 40 requests at a time; with the platform's
      // default of 100 instances it would be 2,000. A flood of poison messages adds the two functions that take them up:
      // 2 * 2 * 12 = 48. Partner Center publishes no quota; 429 is obeyed in any case.
      // The lowest value is 1 ("Flex Consumption plan hosting", Considerations, 2026). Regions got it one after another
      // from January 2026 on, and took nothing below 40 before (azure-functions-host issue 10523). 2 leave one at work
      // when the other is stuck.
      scaleAndConcurrency: { maximumInstanceCount: maximumInstanceCount, instanceMemoryMB: 2048 }
      runtime: { name: 'python', version: '3.13' }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, givenSettings)
}

output name string = app.name
