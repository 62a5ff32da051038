"""The section about the data: images and labels, before and after training."""
