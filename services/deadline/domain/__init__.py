"""The rules of time, in prose that runs. Local dates and times come in; no clock, no I/O."""
