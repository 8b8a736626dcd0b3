"""What all three services stand on: the wire and the plumbing, never a business rule."""
