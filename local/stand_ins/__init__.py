"""Stand-ins of Partner Center, Entra ID, the identity endpoint and Key Vault, on loopback."""
