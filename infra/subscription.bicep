// The subscription of the blob trigger to the events of the manifests' container.
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

@description('Container for events that could not be delivered.')
param deadLetterContainer string

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: functionAppName
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: dataAccountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' existing = {
  name: topicName
}

// A name that no function has would be answered with 202 and lose every event (azure-functions-host issue 8802).
var functionId = 'Host.Functions.upload_manifest'
var key = listKeys('${app.id}/host/default', '2024-04-01').systemKeys.blobs_extension

resource manifestEvents 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2022-06-15' = {
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
    // The first fence against a status blob that starts the function that writes it; the second is the function's
    // first line. The trigger's path is none: with Event Grid as source it filters nothing.
    filter: {
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
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}
