"""Models to polars: one declared schema per public frame; rows that do not fit come back with the reason."""
