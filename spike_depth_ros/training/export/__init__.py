"""Export of trained networks as self-describing ONNX files: `spike-depth export`."""

from spike_depth_ros.training.export.command import main

__all__ = ['main']
