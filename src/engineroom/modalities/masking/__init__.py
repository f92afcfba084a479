"""What can be masked, and how a reconstruction is scored."""
