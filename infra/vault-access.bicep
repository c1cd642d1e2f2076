// For PARTNER_CENTER_AUTH=app_user: lets the app read and renew one secret of a Key Vault of yours, and read a certificate.
// Deployed by hand into the vault's resource group; docs/deploying.md has the command. `azd up` does not use it.

@description('Name of the vault, which uses role-based access.')
param vaultName string

@description('Name of the secret that holds the refresh token; it must exist.')
param secretName string

@description('Name of the certificate by which the app registration proves itself; empty: there is none.')
param certificateName string = ''

@description('Principal id of the app\'s identity: IDENTITY_PRINCIPAL_ID in azd\'s environment.')
param principalId string

var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' existing = {
  parent: vault
  name: secretName
}

resource secretRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(secret.id, principalId, keyVaultSecretsOfficer)
  scope: secret
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsOfficer)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// A certificate is read through the secret of the same name.
resource certificate 'Microsoft.KeyVault/vaults/secrets@2023-07-01' existing = if (!empty(certificateName)) {
  parent: vault
  name: certificateName
}

resource certificateRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(certificateName)) {
  name: guid(vault.id, certificateName, principalId, keyVaultSecretsUser)
  scope: certificate
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
