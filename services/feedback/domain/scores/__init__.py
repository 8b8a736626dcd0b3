"""Scores: what events told of each case, what that counts, and what the law makes of the sums."""
