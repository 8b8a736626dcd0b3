"""Manifests for Kubernetes; see README.md. The tests render them and hold them to their schemas."""
