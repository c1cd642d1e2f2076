// Two subscriptions to the events of the manifests' container, which bring the same events by two ways; whichever is
// first claims the manifest, and the other finds it claimed. The webhook of the blob trigger is quick, but asks for a
// key: should the host make a new one, it refuses every event with 401, which Event Grid never tries again
// (azure-functions-host issue 11834). The wake-up queue needs no key, no handshake, and no app that is awake.
// Deployed by scripts/subscribe.sh (or .ps1) after the code: only then does the key exist that the webhook asks for.
// The key is read here, so that it never stands on a command line.

@description('Name of the function app.')
param functionAppName string

@description('Name of the data account\'s topic.')
param topicName string

@description('Name of the data account.')
param dataAccountName string

@description('Container of the manifests.')
param manifestContainer string

@description('Storage queue of the app\'s wake-ups.')
param wakeUpQueue string

@description('Container for events that could not be delivered.')
param deadLetterContainer string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

// A name that no function has would be answered with 202 and lose every event (azure-functions-host issue 8802).
var functionId = 'Host.Functions.upload_manifest'
var key = listKeys('${app.id}/host/default', '2025-03-01').systemKeys.blobs_extension

// The first guard against a status blob that starts the function that writes it; the second is the functions' first
// line. The trigger's path is none: with Event Grid as source it filters nothing.
var manifestsOnly = {
  includedEventTypes: ['Microsoft.Storage.BlobCreated']
  subjectBeginsWith: '/blobServices/default/containers/${manifestContainer}/blobs/'
  advancedFilters: [
    {
      operatorType: 'StringNotEndsWith'
      key: 'subject'
      values: ['.status.json', '.results.csv']
    }
    {
      // The calls that complete a blob. Others (CreateFile, FlushWithoutClose) announce one that is not there yet.
      operatorType: 'StringIn'
      key: 'data.api'
      values: ['PutBlob', 'PutBlockList', 'CopyBlob', 'FlushWithClose', 'SftpCommit']
    }
  ]
}
var longestRetry = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
var deadLetters = {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: account.id, blobContainerName: deadLetterContainer }
  }
}

resource webhook 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'manifests'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=${functionId}&code=${key}'
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: manifestsOnly
    retryPolicy: longestRetry
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource queue 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'manifests-queue'
  properties: {
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: { resourceId: account.id, queueName: wakeUpQueue }
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: manifestsOnly
    retryPolicy: longestRetry
    deadLetterWithResourceIdentity: deadLetters
  }
}
