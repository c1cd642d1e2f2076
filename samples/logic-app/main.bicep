// Two workflows beside the app, in its resource group; docs/logic-apps.md explains them and has the command.

@description('Name of the data account: DATA_ACCOUNT_NAME in azd\'s environment.')
param dataAccountName string

@description('Container of the manifests: MANIFEST_CONTAINER in azd\'s environment.')
param manifestContainer string

@description('Name of the event topic: EVENT_TOPIC_NAME in azd\'s environment.')
param topicName string

@description('URL of a Teams webhook that is sent each manifest\'s end ("Post to a channel when a webhook request is received"); empty: none.')
@secure()
param teamsWebhookUrl string = ''

@description('Azure region.')
param location string = resourceGroup().location

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var containerUrl = '${account.properties.primaryEndpoints.blob}${manifestContainer}'

// Parse JSON takes its schema literally, so the project's own is put into the definitions when they are deployed.
var statusSchema = loadTextContent('../../schemas/status.schema.json')
var dropAndPoll = json(replace(loadTextContent('drop-and-poll.json'), '"(status schema)"', statusSchema))
var onStatusEvent = json(replace(loadTextContent('on-status-event.json'), '"(status schema)"', statusSchema))

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  parent: blobs
  name: manifestContainer
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource dropper 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'drop-and-poll'
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    state: 'Enabled'
    definition: dropAndPoll
    parameters: { containerUrl: { value: containerUrl } }
  }
}

resource listener 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'on-status-event'
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    state: 'Enabled'
    definition: onStatusEvent
    parameters: {
      containerUrl: { value: containerUrl }
      teamsWebhookUrl: { value: teamsWebhookUrl }
    }
  }
}

resource dropperRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, dropper.id, blobDataContributor)
  scope: container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: dropper.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource listenerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, listener.id, blobDataReader)
  scope: container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataReader)
    principalId: listener.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// The example of a filter for subscribers: status blobs of this container, each time one is written. The event does not
// tell the state, so a subscriber reads the blob and looks at `final`.
resource statusEvents 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'status-blobs'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: listCallbackUrl('${listener.id}/triggers/event', '2019-05-01').value
        maxEventsPerBatch: 1
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/${manifestContainer}/blobs/'
      subjectEndsWith: '.status.json'
      isSubjectCaseSensitive: true
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
}
