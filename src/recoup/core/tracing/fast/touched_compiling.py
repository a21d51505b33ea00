"""How the walks by balances are compiled; needs Numba.

They are handed plain tuples: what was kept names no class of ours that a later version may move.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic


def compiled(function: Any) -> Any:
    """Compile at the first call; keep the outcome beside the module where that may be written."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


def _fetch(_: Any, column: Any = None, place: Any = None) -> Any:
    """Ask for an entry of a column to be brought near, without waiting for it."""

    def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, values[0])
        stride = builder.extract_value(array.strides, 0)
        begin = builder.ptrtoint(array.data, stride.type)
        kind, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (kind,), ir.FunctionType(ir.VoidType(), (kind, flag, flag, flag))
        )
        address = builder.inttoptr(builder.add(begin, builder.mul(values[1], stride)), kind)
        builder.call(fetch, [address, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(column, types.intp), made


fetch: Any = intrinsic(_fetch)
