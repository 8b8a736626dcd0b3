"""What deadline's pipeline is held against: a plain service, and the least that can be done."""
