"""JSON manifests."""
