"""The nodes: everything that imports rclpy or messages."""
