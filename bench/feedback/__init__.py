"""Feedback: ratings over HTTP, its pipeline, what a rating costs with much behind it, and the town's page."""
