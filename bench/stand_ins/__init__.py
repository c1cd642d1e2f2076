"""Fast stand-ins of the storage account and of Partner Center, each in a process of its own."""
