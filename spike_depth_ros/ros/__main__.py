"""Run a node as `python -m spike_depth_ros.ros binner --ros-args ...`."""

import sys

from spike_depth_ros.ros import executables

EXECUTABLES = {
    'binner': executables.binner,
    'depth': executables.depth,
    'pipeline': executables.pipeline,
    'replay': executables.replay,
}


def main() -> int:
    """Run the node named first on the command line; return the exit code."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ''
    if name not in EXECUTABLES:
        print(f"there is no node '{name}': use one of {', '.join(EXECUTABLES)}", file=sys.stderr)
        return 1
    return EXECUTABLES[name]()


if __name__ == '__main__':
    sys.exit(main())
