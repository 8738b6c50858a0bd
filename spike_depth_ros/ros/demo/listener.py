# Copyright 2026 spike_depth_ros maintainers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""ROS context and executor of the evaluation node."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rclpy.context import Context
from rclpy.experimental import EventsExecutor

from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.window_store import WindowStore

STEP_S = 0.1


@contextmanager
def listening(store: WindowStore) -> Iterator[tuple[EvaluationNode, Callable[[], None]]]:
    """Yield the evaluation node and a function that handles a message or waits for STEP_S."""
    context = Context()
    context.init(initialize_logging=False)  # the nodes write the log files
    executor = EventsExecutor(context=context)
    node = EvaluationNode(context, store)
    executor.add_node(node)
    try:
        yield node, lambda: executor.spin_once(timeout_sec=STEP_S)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()
