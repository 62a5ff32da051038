"""Kernels of a practice Kaggle: posted scripts that really run, on this machine."""
