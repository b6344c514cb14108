"""Cost and hardware planning for Hugging Face Jobs."""

__all__ = ["__version__"]

__version__ = "0.1.0"
