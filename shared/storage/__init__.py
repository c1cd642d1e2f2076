"""Blobs, the wake-up queue and the blob trigger: the only modules that know Azure's SDKs for them."""
