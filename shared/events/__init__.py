"""What crosses the wire: the envelope, and one module per topic."""
