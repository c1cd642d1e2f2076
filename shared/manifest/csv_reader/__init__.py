"""CSV manifests."""
