"""One page, made from what the chain stored: the data, the pipelines, the blend, the scores."""
