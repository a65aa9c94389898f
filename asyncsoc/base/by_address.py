"""Named tuples of arrays handed from kernel to kernel by their address.

numba hands a tuple over by its values: a tuple of twenty arrays is 140 arguments of every function it goes to, and the
compiler takes it apart and puts it together in each. Most of what there would be to compile is that. So Python's entry
lays a tuple down once, and the kernels below it are given the address; `contacts.areas` reads the array from there.
What is laid down is never changed, and lives as long as the call that laid it down.
"""

from __future__ import annotations

import hashlib
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic, models, register_model
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
_WORD_SIZE = 8


class LaidDown(types.Type):
    """A named tuple by its address, as the compiler sees it.

    Parameters
    ----------
    named
        numba's type of the tuple.
    """

    def __init__(self, named: Any) -> None:
        self.named = named
        self._places: dict[int, tuple[list[int], int]] = {}
        digest = hashlib.sha256(str(named).encode()).hexdigest()[:12]
        super().__init__(name=f"LaidDown({named.instance_class.__name__}, {digest})")

    def places(self, context: Any) -> tuple[list[int], int]:
        """Return where each field lies, in bytes, and how many there are in all."""
        if found := self._places.get(context.address_size):
            return found
        sizes = [context.get_abi_sizeof(context.get_data_type(kind)) for kind in self.named.types]
        starts, end = [], 0
        for size in sizes:
            starts.append(end)
            end += size + -size % _WORD_SIZE
        self._places[context.address_size] = starts, max(end, _WORD_SIZE)
        return self._places[context.address_size]


@register_model(LaidDown)
class _LaidDownModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BYTE.as_pointer())  # type: ignore[no-untyped-call]


@infer_getattr
class _Fields(AttributeTemplate):
    key = LaidDown

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        """Return the type of a field."""
        fields = value.named.fields
        return value.named.types[fields.index(attr)] if attr in fields else None


def _place(context: Any, builder: Any, address: Any, start: int, field: Any) -> Any:
    place = builder.gep(address, [ir.Constant(_WORD, start)])
    return builder.bitcast(place, context.get_data_type(field).as_pointer())


@lower_getattr_generic(LaidDown)  # type: ignore[untyped-decorator]
def _read_field(context: Any, builder: Any, kind: LaidDown, address: Any, name: str) -> Any:
    index = kind.named.fields.index(name)
    field, start = kind.named.types[index], kind.places(context)[0][index]
    place = _place(context, builder, address, start, field)
    return context.data_model_manager[field].load_from_data_pointer(builder, place)


def _lay_down(typing_context: Any, value: Any) -> Any:
    if not isinstance(value, types.NamedTuple):
        return value(value), lambda context, builder, signature, arguments: arguments[0]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.return_type
        starts, size = kind.places(context)
        memory = cgutils.alloca_once(builder, ir.ArrayType(_WORD, size // _WORD_SIZE))
        address = builder.bitcast(memory, _BYTE.as_pointer())
        for index, (field, start) in enumerate(zip(kind.named.types, starts, strict=True)):
            model, part = context.data_model_manager[field], builder.extract_value(arguments[0], index)
            builder.store(model.as_data(builder, part), _place(context, builder, address, start, field))
        return address

    return LaidDown(value)(value), generate


laid_down: Any = intrinsic(_lay_down)
"""laid_down(value): a named tuple by its address, for as long as the kernel lasts that calls this; else the value."""


def _call(typing_context: Any, address: Any, argument: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = ir.FunctionType(_WORD, [_WORD])
        return builder.call(builder.inttoptr(arguments[0], function.as_pointer()), [arguments[1]])

    return types.int64(types.int64, types.int64), generate


call_address: Any = intrinsic(_call)
"""call_address(address, number): what the C function at an address returns for a number; both are 64 bit wide."""
