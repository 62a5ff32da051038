"""How the test rows were parted from the training rows, and the folds that are like it."""
