"""What is asked: targets, metrics, answers, and the form of a submission."""
