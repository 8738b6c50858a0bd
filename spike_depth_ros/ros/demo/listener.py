"""The demo's own ROS context, beside those of the nodes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rclpy.context import Context
from rclpy.experimental import EventsExecutor

from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.window_store import WindowStore

STEP_S = 0.1


@contextmanager
def listening(
    truth_topic: str, store: WindowStore
) -> Iterator[tuple[EvaluationNode, Callable[[], None]]]:
    """Make the evaluation node, and a function that lets it take what came, or wait a moment."""
    context = Context()
    context.init(initialize_logging=False)  # log files are the nodes' own
    executor = EventsExecutor(context=context)
    node = EvaluationNode(context, truth_topic, store)
    executor.add_node(node)
    try:
        yield node, lambda: executor.spin_once(timeout_sec=STEP_S)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()
