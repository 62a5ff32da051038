"""From parameters to scores: folds, one fit, trials, studies, and the run over all pipelines."""
