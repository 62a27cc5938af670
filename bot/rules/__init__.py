"""The owner's rules: read strictly, tested by their own examples, matched against comments."""
