"""Estimators that pipelines of any kind of rows are made of."""
