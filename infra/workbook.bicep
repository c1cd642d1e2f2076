// The workbook. A template of its own: `azd up` does not need it, and it cannot break it. docs/operating.md has the command.

@description('Name of the Application Insights resource: APPLICATION_INSIGHTS_NAME in azd\'s environment.')
param applicationInsightsName string

@description('Azure region.')
param location string = resourceGroup().location

var book = loadJsonContent('workbook.json')
var events = loadTextContent('kql/events.kql')
var runs = loadTextContent('kql/runs.kql')

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// Items of type 3 are queries. They stand in workbook.json without the definitions that they all share.
var notes = filter(book.items, item => item.type != 3)
var queries = filter(book.items, item => item.type == 3)
var charts = map(queries, item => union(item, { content: union(item.content, { query: 'let events = ${events};\n${runs}${item.content.query}' }) }))

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'manifests')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'Autopilot manifests'
    category: 'workbook'
    sourceId: insights.id
    version: '1.0'
    serializedData: string({
      version: book.version
      items: concat(notes, charts)
      fallbackResourceIds: [insights.id]
    })
  }
}
