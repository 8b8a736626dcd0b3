"""Tests of feedback's domain."""
