"""The only rooms that know Azure's SDKs for blobs, queues and triggers."""
