"""The commands that start the nodes.

Wrong configuration ends a node with one sentence and exit code 1; SIGINT and SIGTERM end it with
exit code 0, whenever they come. That is why what takes long to import is imported within.
"""

import importlib
import signal
import sys
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def binner() -> int:
    """Run the binner node; return the exit code."""
    return _run('binner', 'BinnerNode')


def depth() -> int:
    """Run the depth node; return the exit code."""
    return _run('depth', 'DepthNode')


def replay() -> int:
    """Run the replay node; return the exit code."""
    return _run('replay', 'ReplayNode')


def _run(name: str, class_name: str) -> int:
    for number in SIGNALS:
        signal.signal(number, _interrupt_once)
    try:
        node = _start(name, class_name)
        return 1 if node is None else _spin(node)
    except KeyboardInterrupt:
        return 0


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """End the node in good order, which further signals must not disturb."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _start(name: str, class_name: str) -> Any:
    """Return the node, or None after telling what is wrong with its configuration."""
    import rclpy
    from rclpy.exceptions import NameValidationException, ParameterException
    from rclpy.qos_overriding_options import InvalidQosOverridesError
    from rclpy.utilities import remove_ros_args

    # rclpy's own errors derive from RuntimeError, those of this package from ValueError.
    wrong_configuration = (
        ValueError,
        RuntimeError,
        NameValidationException,
        ParameterException,
        InvalidQosOverridesError,
    )
    try:
        rclpy.init(args=sys.argv)
        unknown = remove_ros_args(sys.argv)[1:]
        if unknown:
            raise ValueError(
                f"unknown argument '{unknown[0]}': give parameters as "
                '--ros-args -p name:=value, and topics as --ros-args -r from:=to'
            )
        module = importlib.import_module(f'spike_depth_ros.ros.{name}_node')
        return getattr(module, class_name)()
    except wrong_configuration as error:
        print(f'{name}: {" ".join(str(error).split())}', file=sys.stderr)
        return None


def _spin(node: Any) -> int:
    """Let the node work until a signal comes or it shuts its context down; return its verdict."""
    import rclpy
    from rclpy.executors import ExternalShutdownException
    from rclpy.experimental import EventsExecutor

    executor = EventsExecutor()
    executor.add_node(node)
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=1.0)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return node.exit_code
