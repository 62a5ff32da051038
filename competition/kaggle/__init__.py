"""The one door to Kaggle: client, transport, credentials, errors, and the download."""
