"""Cost and hardware planning for Hugging Face Jobs."""
