"""What the networks are compared with: conventional stereo on the same spike frames."""
