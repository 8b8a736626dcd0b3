"""Tests of feedback's usecases."""
