"""Image work that pipelines share, as scikit-learn transformers and plain functions."""
