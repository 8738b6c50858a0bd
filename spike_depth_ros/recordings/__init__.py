"""Recordings on disk: rosbag2 folders of event packets and compressed depth."""
