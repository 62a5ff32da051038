"""The server of a practice Kaggle: calls over HTTP, what it remembers, and faults on purpose."""
