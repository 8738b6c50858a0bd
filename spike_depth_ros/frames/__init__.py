"""Spike frames: pixel tables, the rig, and the streaming binner."""
