// Alerts. A template of its own: `azd up` does not need it, and it cannot break it. docs/operating.md has the command.

@description('Name of the Application Insights resource: APPLICATION_INSIGHTS_NAME in azd\'s environment.')
param applicationInsightsName string

@description('Name of the event topic: EVENT_TOPIC_NAME in azd\'s environment.')
param topicName string

@description('Mail address that is told.')
param email string

@description('Azure region.')
param location string = resourceGroup().location

var events = loadTextContent('kql/events.kql')

// Each query gives one row for each thing to look at; any row raises the alert. 0 is the gravest severity, 4 the least.
var alerts = [
  {
    name: 'manifests-failed'
    severity: 2
    title: 'Manifests have failed'
    description: 'The app has given these manifests up; nothing more happens by itself. Their status blobs say why.'
    query: '''
finals
| where state == 'failed'
| project timestamp, manifest, code = tostring(fields.code), operation_Id
'''
  }
  {
    name: 'manifests-overdue'
    severity: 2
    title: 'The sweep had to wake manifests'
    description: 'Events or wake-ups get lost, or the app cannot keep up: the sweep found manifests that nothing else had taken up in time.'
    query: '''
events
| where event == 'sweep_done' and toint(fields.woken) > 0
| project timestamp, woken = toint(fields.woken), operation_Id
'''
  }
  {
    name: 'messages-poisoned'
    severity: 2
    title: 'The host has given messages up'
    description: 'A message went to a poison queue after five failed tries, or could not be read. The app wakes its job once more; see the exceptions of the failed invocations.'
    query: '''
requests
| where name in ('rescue_manifest', 'rescue_wake_up')
| project timestamp, what = name, operation_Id
| union (events | where event == 'message_unreadable' | project timestamp, what = event, operation_Id)
'''
  }
  {
    name: 'invocations-failed'
    severity: 1
    title: 'Invocations fail'
    description: 'Functions end with an exception: settings are missing or wrong, or a status blob cannot be written or is none of this app.'
    query: '''
requests
| where success == false
| project timestamp, name, resultCode, operation_Id
'''
  }
  {
    name: 'events-unknown-function'
    severity: 1
    title: 'Events arrive for a function that does not exist'
    description: 'The event subscription names a function that the app has not got; each event is answered with success and lost (azure-functions-host issue 8802). Run the post-deploy script again: azd hooks run postdeploy.'
    query: '''
traces
| where message has 'will not be processed because function'
| project timestamp, message
'''
  }
  {
    name: 'sign-in-faults'
    severity: 1
    title: 'Partner Center cannot be signed in to'
    description: 'No token, or one that Partner Center does not accept. Manifests wait meanwhile; docs/signing-in.md says what to mend.'
    query: '''
events
| extend code = tostring(fields.code)
| where event == 'sign_in_failed'
    or (event in ('upload_postponed', 'poll_failed') and (toint(fields.status) in (401, 403) or code == 'sign_in_timeout'))
| project timestamp, manifest, code, reason = tostring(fields.reason), operation_Id
'''
  }
  {
    name: 'self-trigger-loop'
    severity: 1
    title: 'Far more invocations than manifests'
    description: 'The function is started by something other than manifests, perhaps by the blobs it writes itself: compare the subscription\'s filters with infra/subscription.bicep. Until then, the function app can be stopped.'
    query: '''
let invocations = toscalar(requests | where name == 'upload_manifest' | summarize sum(itemCount));
let manifests = toscalar(events
    | where event == 'manifest_claimed' and not(manifest endswith '.status.json' or manifest endswith '.results.csv')
    | summarize dcount(manifest));
print timestamp = now(), invocations = invocations, manifests = manifests
| where invocations > 100 and invocations > 5 * manifests
'''
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'manifest-alerts'
  location: 'Global'
  properties: {
    enabled: true
    groupShortName: 'manifests'
    emailReceivers: [
      { name: 'mail', emailAddress: email, useCommonAlertSchema: true }
    ]
  }
}

// The windows overlap: a line that arrives late would fall between two of them otherwise.
resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: alert.name
    location: location
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [insights.id]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M'
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: '${events}${alert.query}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'events-undelivered'
  location: 'global'
  properties: {
    description: 'Event Grid has given events up and put them into the container of dead letters. The sweep takes their manifests up within the hour; find out why the app did not answer.'
    severity: 2
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-lettered'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [
      { actionGroupId: people.id }
    ]
  }
}
