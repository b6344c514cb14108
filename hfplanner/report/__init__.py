"""What was spent: one frozen result, and one renderer for each format."""
