"""Durations from the operations of a model: kernels, the lists of them that a phase runs, and the engines around."""
