"""From columns to one answer: methods, calibration, and the blend as files."""
