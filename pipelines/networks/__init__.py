"""Networks: which precision, which layers, the compiled training loop, and the estimator."""
