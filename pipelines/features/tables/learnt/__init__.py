"""What is fitted inside a fold: encoders for three kinds of models, and what they learn."""
