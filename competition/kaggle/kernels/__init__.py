"""Kernels: scripts and notebooks that run on Kaggle's machines."""
