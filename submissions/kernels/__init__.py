"""Runs on Kaggle's machines: packed, pushed once, waited for, and brought home."""
