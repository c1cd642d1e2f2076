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

var certificateNames = empty(certificateName) ? [] : [certificateName]
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = {
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

// A certificate is read through the secret of the same name. A loop over none or one, not a condition: Resource Manager
// also checks the names of resources whose condition is false, and refuses an empty one (Azure/bicep issue 12204).
resource certificates 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = [
  for certificate in certificateNames: {
    parent: vault
    name: certificate
  }
]

resource certificateRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (certificate, index) in certificateNames: {
    name: guid(vault.id, certificate, principalId, keyVaultSecretsUser)
    scope: certificates[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]
