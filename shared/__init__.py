"""The app: manifests of devices in, uploads to Partner Center out, a status blob beside each manifest."""
