"""Tests of feedback's adapters."""
