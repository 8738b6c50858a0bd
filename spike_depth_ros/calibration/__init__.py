"""Calibrated cameras: their lenses, their rectification, and the files that describe them."""
