// Alerts. A template of its own: `azd up` does not need it, and it cannot break it. docs/operating.md has the command.

@description('Name of the Application Insights resource: APPLICATION_INSIGHTS_NAME in azd\'s environment.')
param applicationInsightsName string

@description('Name of the event topic: EVENT_TOPIC_NAME in azd\'s environment.')
param topicName string

@description('Mail address that gets the alerts.')
param email string

@description('Azure region.')
param location string = resourceGroup().location

@description('Whether manifests that are rejected raise an alert too. Whoever drops them reads why in their status.')
param alertOnRejected bool = false

var events = loadTextContent('kql/events.kql')

// Each query gives one row for each thing to look at; any row raises the alert, or, where `rows` is 'none', that there is
// no row. It has to do so in as many windows in a row as `periods`: Azure looks back over all of them ("aggregated lookback
// points" of the REST reference). 0 is the gravest severity, 4 the least. Azure refuses `union` and `search` in the query of
// a rule, and wants it to start with a table: {events} stands for one.
var always = [
  {
    name: 'manifests-failed'
    severity: 2
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'Manifests have failed'
    description: 'The app has given up on these manifests. Their status blobs say why.'
    query: '''
{events}
| where event in ('manifest_finished', 'sending_stopped')
| extend state = tostring(fields.state), code = tostring(fields.code)
| where state == 'failed'
| project timestamp, manifest, code, operation_Id
'''
  }
  {
    name: 'manifests-overdue'
    severity: 2
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'The sweep had to wake manifests'
    description: 'Events or wake-ups are lost, or the app cannot keep up: the sweep found manifests for which neither had come within five minutes, though a cold app needs only two. Statuses that this app has not written are counted separately.'
    query: '''
{events}
| where event == 'sweep_done' and toint(fields.woken) > 0
| project timestamp, woken = toint(fields.woken), operation_Id
'''
  }
  {
    name: 'sweep-absent'
    severity: 1
    window: 'PT1H'
    periods: 1
    rows: 'none'
    title: 'The sweep has not run for an hour'
    description: 'The timer has stopped, as it has for others after a deployment (azure-functions-host issue 11828), the app is stopped or cannot start, or the logs have reached their daily cap. Restart the function app, unless it is the cap.'
    query: '''
{events}
| where event == 'sweep_done'
| project timestamp, operation_Id
'''
  }
  {
    name: 'messages-poisoned'
    severity: 2
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'The host has given messages up'
    description: 'A message went to a poison queue after five failed tries, or could not be read. The app wakes its job once more; see the exceptions of the failed invocations.'
    query: '''
{events}
| where event in ('manifest_rescued', 'wake_up_rescued', 'rescue_failed', 'message_unreadable')
| project timestamp, what = event, manifest, reason = tostring(fields.reason), operation_Id
'''
  }
  {
    name: 'not-of-this-app'
    severity: 2
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'A status or a message is none of this app'
    description: 'A status blob that this app has not written is left alone, and its manifest with it; a message about another container, or with a name that leads to another blob, wakes nothing. Does another app use the data account, or does a sender write names that are the app\'s own?'
    query: '''
{events}
| where event in ('status_unreadable', 'message_foreign', 'manifest_name_dotted')
| project timestamp, what = event, manifest, container = tostring(fields.container), operation_Id
'''
  }
  {
    // Two half hours in a row: the invocations that a worker cut off as it was drained fail in one moment and come back.
    name: 'invocations-failed'
    severity: 1
    window: 'PT30M'
    periods: 2
    rows: 'some'
    title: 'Invocations fail again and again'
    description: 'In two half hours in a row, functions have ended with an exception: most likely, settings are missing or wrong.'
    query: '''
requests
| where success == false
| project timestamp, name, resultCode, operation_Id
'''
  }
  {
    // Two looks: a role that has only just been assigned, or a storage that moves, is over by the second.
    name: 'blobs-unavailable'
    severity: 2
    window: 'PT30M'
    periods: 2
    rows: 'some'
    title: 'Blobs cannot be read or written'
    description: 'For an hour, a manifest or its status could not be read or written: a role is missing, somebody holds a lease on a status, a policy forbids changes, or a blob is archived. The reason is in the log.'
    query: '''
{events}
| where event in ('status_unavailable', 'manifest_unavailable')
| project timestamp, what = event, manifest, reason = tostring(fields.reason), operation_Id
'''
  }
  {
    // What the host says of itself, outside any invocation, when no function runs that could fail.
    name: 'app-broken'
    severity: 1
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'The app does not start, or messages cannot be decoded'
    description: 'An import fails, a binding has no setting, the host shuts down on an exception of its own, or a message is in an encoding that it does not expect. The message says which.'
    query: '''
traces
| where isempty(operation_Id) and severityLevel >= 2
| where message has_any ('Worker failed to index functions', 'No job functions found', 'function is in error', 'A host error has occurred', 'An unhandled exception has occurred', 'Message decoding has failed')
| project timestamp, message
'''
  }
  {
    name: 'events-unknown-function'
    severity: 1
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'Events arrive for a function that does not exist'
    description: 'The event subscription names a function that the app does not have; each event is answered with success and lost to the webhook (azure-functions-host issue 8802). Run the post-deploy script again: azd hooks run postdeploy.'
    query: '''
traces
| where message has 'will not be processed because function'
| project timestamp, message
'''
  }
  {
    name: 'sign-in-faults'
    severity: 1
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'Partner Center cannot be signed in to'
    description: 'No token, or one that Partner Center does not accept. Manifests wait meanwhile; docs/signing-in.md says what to correct.'
    query: '''
{events}
| extend code = tostring(fields.code)
| where event == 'sign_in_failed'
    or (event in ('upload_postponed', 'poll_failed') and (toint(fields.status) in (401, 403) or code == 'sign_in_timeout'))
| project timestamp, manifest, code, reason = tostring(fields.reason), operation_Id
'''
  }
  {
    name: 'line-over-an-hour'
    severity: 3
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'Manifests wait more than an hour for their turn'
    description: 'Partner Center limits the rate, and more is queued than it serves in an hour. Nothing is lost and nothing has to be done; if it lasts, ask Partner Center for a higher quota.'
    query: '''
{events}
| where event == 'rate_limited' and toint(fields.line_seconds) > 3600
| project timestamp, manifest, line_seconds = toint(fields.line_seconds), operation_Id
'''
  }
  {
    name: 'self-trigger-loop'
    severity: 1
    window: 'PT30M'
    periods: 1
    rows: 'some'
    title: 'Far more invocations than manifests'
    description: 'The function is started by something other than manifests, perhaps by the blobs it writes itself: compare the subscriptions\' filters with infra/subscription.bicep. Until then, the function app can be stopped.'
    query: '''
requests
| where name == 'upload_manifest'
| summarize invocations = sum(itemCount), timestamp = max(timestamp)
| extend manifests = toscalar({events}
    | where event == 'manifest_claimed' and not(manifest endswith '.status.json' or manifest endswith '.results.csv')
    | summarize dcount(manifest))
| where invocations > 100 and invocations > 5 * manifests
'''
  }
]
var rejected = {
  name: 'manifests-rejected'
  severity: 3
  window: 'PT30M'
  periods: 1
  rows: 'some'
  title: 'Manifests have been rejected'
  description: 'Files are invalid or were refused. Their status blobs list each issue with its place and what to do.'
  query: '''
{events}
| where event in ('manifest_invalid', 'sending_stopped')
| extend state = tostring(fields.state)
| where state == 'rejected'
| project timestamp, manifest, issues = toint(fields.issues), code = tostring(fields.code), operation_Id
'''
}
var alerts = concat(always, alertOnRejected ? [rejected] : [])

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
      windowSize: alert.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: replace(alert.query, '{events}', events)
            timeAggregation: 'Count'
            operator: alert.rows == 'some' ? 'GreaterThan' : 'LessThan'
            threshold: alert.rows == 'some' ? 0 : 1
            failingPeriods: { numberOfEvaluationPeriods: alert.periods, minFailingPeriodsToAlert: alert.periods }
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
    description: 'Event Grid could not put events into the queue and gave up on them; they are in the container dead-letters. The sweep finds their manifests. To make the subscriptions again: azd hooks run postdeploy.'
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
          // What the webhook refuses, the queue brings: that is no reason to wake anybody.
          dimensions: [
            { name: 'EventSubscriptionName', operator: 'Include', values: ['manifests-queue'] }
          ]
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
