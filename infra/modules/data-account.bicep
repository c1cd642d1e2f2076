// The data account: manifests with their status and results, the queues of the app, dead letters.
// The app reaches two containers and three queues of it, and nothing else.

@description('Name of the account.')
param name string

@description('Azure region.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('Container of the manifests.')
param manifestContainer string

@description('Container for events that could not be delivered.')
param deadLetterContainer string

@description('Storage queue of the follow-ups.')
param wakeUpQueue string

@description('Days after which manifests and what stands beside them are deleted.')
param manifestDays int

@description('Days after which dead-lettered events are deleted.')
param deadLetterDays int

@description('Principal id of the app\'s identity.')
param principalId string

// The role that Microsoft asks for at the trigger's connection ("Azure Blob storage trigger for Azure Functions",
// identity-based connections), given for the container alone.
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

// One small blob, in which the app's instances report to each other how many calls Partner Center allows (docs/operating.md).
var pacingContainer = 'manifest-pacing'

var softDeleteDays = 7

// The host makes poison queues when it needs them; made here, rights can be given for them.
var queueNames = [
  wakeUpQueue
  '${wakeUpQueue}-poison'
  'webjobs-blobtrigger-poison'
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
  }
}

resource manifests 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: manifestContainer
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: deadLetterContainer
}

resource pacing 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: pacingContainer
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queueName in queueNames: {
    parent: queueService
    name: queueName
  }
]

// A rule can tell blobs by prefix and tag only, so manifests share theirs with the blobs beside them. A status is
// younger than its manifest: the manifest goes first, which a finished job does not mind.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        {
          name: 'manifests'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${manifestContainer}/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: manifestDays } } }
          }
        }
        {
          name: 'dead-letters'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${deadLetterContainer}/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: deadLetterDays } } }
          }
        }
      ]
    }
  }
}

resource manifestsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(manifests.id, principalId, blobDataOwner)
  scope: manifests
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource pacingRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(pacing.id, principalId, blobDataContributor)
  scope: pacing
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource queueRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (queueName, index) in queueNames: {
    name: guid(queues[index].id, principalId, queueDataContributor)
    scope: queues[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataContributor)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

output blobServiceUri string = account.properties.primaryEndpoints.blob
output queueServiceUri string = account.properties.primaryEndpoints.queue
