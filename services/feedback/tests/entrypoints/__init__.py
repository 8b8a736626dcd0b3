"""Tests of feedback's entrypoints."""
