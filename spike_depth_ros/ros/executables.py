"""The commands that start the nodes.

Wrong configuration ends a node with one sentence and exit code 1; SIGINT and SIGTERM end it with
exit code 0, whenever they come. That is why what takes long to import is imported within.
"""

import importlib
import signal
import sys
from types import FrameType
from typing import Any

# Python sees a signal only when the executor returns.
SIGNAL_PERIOD_S = 0.1


def binner() -> int:
    """Run the binner node; return the exit code."""
    return _run('binner', 'BinnerNode')


def depth() -> int:
    """Run the depth node; return the exit code."""
    return _run('depth', 'DepthNode')


def replay() -> int:
    """Run the replay node; return the exit code."""
    return _run('replay', 'ReplayNode')


class _Signals:
    """Take SIGINT and SIGTERM: the first ends a node that is still starting at once.

    came: whether one has come; a node that runs is to look at it.
    """

    def __init__(self) -> None:
        self.came = False
        self.starting = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        is_first, self.came = not self.came, True
        if self.starting and is_first:
            raise SystemExit(0)


def _run(name: str, class_name: str) -> int:
    signals = _Signals()
    try:
        node = _start(name, class_name)
    except Exception as error:
        if signals.came:  # an extension module made an error of its own of SystemExit
            return 0
        if not isinstance(error, _wrong_configuration()):
            raise
        print(f'{name}: {" ".join(str(error).split())}', file=sys.stderr)
        return 1
    signals.starting = False
    return _spin(node, signals)


def _start(name: str, class_name: str) -> Any:
    import rclpy
    from rclpy.signals import SignalHandlerOptions
    from rclpy.utilities import remove_ros_args

    # rclpy's handlers would end the context under the feet of a callback that publishes.
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    unknown = remove_ros_args(sys.argv)[1:]
    if unknown:
        raise ValueError(
            f"unknown argument '{unknown[0]}': give parameters as "
            '--ros-args -p name:=value, and topics as --ros-args -r from:=to'
        )
    module = importlib.import_module(f'spike_depth_ros.ros.{name}_node')
    return getattr(module, class_name)()


def _wrong_configuration() -> tuple[type[Exception], ...]:
    """Return what wrong parameters and arguments raise.

    Errors of this package derive from ValueError, rclpy's own from RuntimeError or from Exception.
    """
    from rclpy.exceptions import NameValidationException, ParameterException
    from rclpy.qos_overriding_options import InvalidQosOverridesError

    return (
        ValueError,
        RuntimeError,
        NameValidationException,
        ParameterException,
        InvalidQosOverridesError,
    )


def _spin(node: Any, signals: _Signals) -> int:
    """Let the node work until a signal comes or it has an exit code; return the exit code."""
    import rclpy
    from rclpy.experimental import EventsExecutor

    executor = EventsExecutor()
    executor.add_node(node)
    while node.exit_code is None and not signals.came:
        executor.spin_once(timeout_sec=SIGNAL_PERIOD_S)
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()
    return node.exit_code or 0
