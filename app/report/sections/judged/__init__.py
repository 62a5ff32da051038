"""The section about columns and the blend: their answers, judged by the truth."""
