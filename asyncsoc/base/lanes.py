"""Eight members side by side: the same source compiles for one number per place and for eight.

An array is either (n,), one member, or (n, WIDTH), as many members interleaved. `load` returns a number or a vector of
the processor's (LLVM's <8 x double>, split where registers are narrower), arithmetic and `store` take either. Every
lane undergoes the same IEEE operations in the same order as one member alone, and none is contracted or reassociated,
so that a member's bits do not depend on its company.
"""

# ruff: noqa: PLW0108  (an overload must hand a Python function of its own names back)
from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError
from numba.core.extending import intrinsic, models, overload, register_model
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature

WIDTH = 8
"""Members that advance side by side: one 512-bit register of numbers."""

_INDEX = ir.IntType(32)
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_OPERATIONS = (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.isub, "fsub"),
    (operator.mul, "fmul"),
    (operator.imul, "fmul"),
    (operator.truediv, "fdiv"),
)


class LanesType(types.Type):
    """WIDTH numbers side by side, as the compiler sees them."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes_type: Any) -> None:
        super().__init__(manager, lanes_type, _VECTOR)


def splat(builder: Any, value: Any) -> Any:
    """Return code for a vector of `value` in every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INDEX, WIDTH), [0] * WIDTH))


def pointer(context: Any, builder: Any, array_type: Any, array: Any, index_type: Any, index: Any) -> Any:
    """Return code for the address of what an array holds at a place."""
    data = context.make_array(array_type)(context, builder, array).data
    place = context.cast(builder, index, index_type, types.intp)
    if array_type.ndim == 1:
        return builder.gep(data, [place])
    start = builder.gep(data, [builder.mul(place, ir.Constant(place.type, WIDTH))])
    return builder.bitcast(start, _VECTOR.as_pointer())


def _held(array: Any) -> Any:
    """Return what a place of an array holds, as the compiler sees it."""
    if array.layout != "C":
        raise NumbaTypeError(f"lanes are read from contiguous arrays, not {array}")
    return array.dtype if array.ndim == 1 else LANES


def _typed(operation: Any, instruction: str) -> None:
    pairs = ((LANES, LANES), (types.float64, LANES), (LANES, types.float64))
    template = type(
        f"_{operation.__name__}", (ConcreteTemplate,), {"cases": [signature(LANES, *pair) for pair in pairs]}
    )
    infer_global(operation)(template)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        sides = [value if kind == LANES else splat(builder, value) for kind, value in zip(sig.args, args, strict=True)]
        return getattr(builder, instruction)(*sides)

    for pair in pairs:
        lower_builtin(operation, *pair)(lower)


for _operation, _instruction in _OPERATIONS:
    _typed(_operation, _instruction)


def _type_load(_: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        align = sig.args[0].dtype.bitwidth // 8
        return builder.load(pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1]), align=align)

    return _held(array)(array, index), generate


def _type_store(_: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        align = sig.args[0].dtype.bitwidth // 8
        builder.store(args[2], pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1]), align=align)
        return context.get_dummy_value()

    return types.void(array, index, _held(array)), generate


def _type_splat(_: Any, value: Any) -> Any:
    def generate(__: Any, builder: Any, ___: Any, args: Any) -> Any:
        return splat(builder, args[0])

    return LANES(types.float64), generate


def _type_choose(_: Any, condition: Any, positive: Any, other: Any) -> Any:
    def generate(__: Any, builder: Any, ___: Any, args: Any) -> Any:
        above = builder.fcmp_ordered(">", args[0], ir.Constant(_VECTOR, [0.0] * WIDTH))
        return builder.select(above, args[1], args[2])

    return LANES(LANES, LANES, LANES), generate


def _type_look_up(_: Any, array: Any, place: Any, offset: Any) -> Any:
    def one(context: Any, builder: Any, data: Any, place: Any, offset: Any) -> Any:
        start = builder.gep(data, [builder.sext(place, offset.type)])
        return builder.load(builder.gep(start, [offset]), align=8)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        offset = context.cast(builder, args[2], sig.args[2], types.intp)
        if sig.args[1] != LANES:
            return one(context, builder, data, builder.fptosi(args[1], _INDEX), offset)
        places = builder.fptosi(args[1], ir.VectorType(_INDEX, WIDTH))
        found = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(WIDTH):
            number = ir.Constant(_INDEX, lane)
            value = one(context, builder, data, builder.extract_element(places, number), offset)
            found = builder.insert_element(found, value, number)
        return found

    return (LANES if place == LANES else types.float64)(array, place, offset), generate


def _type_whole(_: Any, value: Any) -> Any:
    def generate(__: Any, builder: Any, ___: Any, args: Any) -> Any:
        number = args[0].type
        integer = ir.VectorType(_INDEX, WIDTH) if number == _VECTOR else _INDEX
        return builder.sitofp(builder.fptosi(args[0], integer), number)

    return value(value), generate


_load_lanes: Any = intrinsic(_type_load)
_store_lanes: Any = intrinsic(_type_store)
_splat_lanes: Any = intrinsic(_type_splat)
_choose_lanes: Any = intrinsic(_type_choose)
look_up: Any = intrinsic(_type_look_up)
"""look_up(table, place, offset): what stands at `place` + offset of a flat table; places are whole numbers >= 0."""
whole: Any = intrinsic(_type_whole)
"""whole(value): the value without its fraction; its magnitude is below 2^31."""


# What follows are the names that Python sees; the compiler takes the overloads below.


def width(array: Any) -> int:
    """Return how many members `array` holds side by side: 1 or WIDTH."""
    raise NotImplementedError


def load(array: Any, index: int) -> Any:
    """Return what stands at place `index`, from 0 on: a number, or WIDTH of them. Shared arrays (n,) hold numbers.

    The place is taken as it is: looking for the negative ones that count from the end costs more than the arithmetic.
    """
    raise NotImplementedError


def store(array: Any, index: int, value: Any) -> None:
    """Write what `load` returns to place `index`."""
    raise NotImplementedError


def at(array: Any, index: int, lane: int) -> float:
    """Return the number of one member at place `index`."""
    raise NotImplementedError


def put(array: Any, index: int, lane: int, value: float) -> None:
    """Write the number of one member to place `index`."""
    raise NotImplementedError


def every(array: Any, value: float) -> Any:
    """Return `value` for every member `array` holds."""
    raise NotImplementedError


def choose(condition: Any, positive: Any, other: Any) -> Any:
    """Return `positive` where `condition` is above zero, else `other` (also where it is not a number)."""
    raise NotImplementedError


@overload(width)
def _width(array):
    return (lambda array: 1) if array.ndim == 1 else (lambda array: WIDTH)


@overload(load)
def _load(array, index):
    return lambda array, index: _load_lanes(array, index)


@overload(store)
def _store(array, index, value):
    return lambda array, index, value: _store_lanes(array, index, value)


@overload(at)
def _at(array, index, lane):
    if array.ndim == 1:
        return lambda array, index, lane: array[index]
    return lambda array, index, lane: array[index, lane]


@overload(put)
def _put(array, index, lane, value):
    if array.ndim == 1:

        def write(array, index, lane, value):
            array[index] = value

        return write

    def write_lane(array, index, lane, value):
        array[index, lane] = value

    return write_lane


@overload(every)
def _every(array, value):
    return (lambda array, value: value) if array.ndim == 1 else (lambda array, value: _splat_lanes(value))


@overload(choose)
def _choose(condition, positive, other):
    if condition == LANES:
        return lambda condition, positive, other: _choose_lanes(condition, positive, other)
    return lambda condition, positive, other: positive if condition > 0.0 else other
