"""What the compiled walks read by address, which the language has no words for; needs Numba.

They are handed tables of addresses, plain whole numbers: looking at columns costs something each
time, and what was kept of a walk names no class of ours that a later version may move.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic


def _loads(bits: int) -> Any:
    def load(_: Any, address: Any) -> Any:
        def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pointer = builder.inttoptr(values[0], ir.IntType(bits).as_pointer())
            value = builder.load(pointer, align=min(bits // 8, 4))
            return value if bits == 64 else builder.sext(value, ir.IntType(64))

        return types.int64(types.int64), made

    return intrinsic(load)


def _fetches(_: Any, address: Any) -> Any:
    """Ask for what is at an address to be brought near, without waiting for it."""

    def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (kind,), ir.FunctionType(ir.VoidType(), (kind, flag, flag, flag))
        )
        builder.call(fetch, [builder.inttoptr(values[0], kind), flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(types.int64), made


def _points(_: Any, address: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), made


long_at: Any = _loads(64)
int_at: Any = _loads(32)
byte_at: Any = _loads(8)
fetch: Any = intrinsic(_fetches)
pointer: Any = intrinsic(_points)
