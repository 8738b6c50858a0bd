"""Bit instructions for compiled code."""

from typing import Any

from numba import types
from numba.extending import intrinsic


def _lowest_bit(typing_context: Any, bits: Any) -> Any:
    """Return the place of the lowest set bit of a uint64 that is not zero, in one instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        never_zero = context.get_constant(types.boolean, True)
        return builder.cttz(arguments[0], never_zero)

    return types.uint64(types.uint64), generate


lowest_bit: Any = intrinsic(_lowest_bit)
