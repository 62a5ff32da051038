"""What is asked: the id, the targets, the classes and the metric, told from the files."""
