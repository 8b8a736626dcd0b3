"""Looks at everything a service stands on and says of each thing that it is good, or what to do."""
