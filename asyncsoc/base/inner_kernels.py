"""How numba compiles a kernel that only other kernels call: to code they can take in, and to no machine code.

Each function that numba compiles is a library of its own: the code of all functions it calls is linked into it, the
whole optimized, and machine code made of it. Along a chain of ten calls the last function is so treated ten times,
though only what Python calls is ever run. Here inner libraries are linked, and optimized while they are small, since
what is taken in should be compact; the rest is done once, where Python's entry takes them in.

numba lets a compiler add passes of its own (`pipeline_class`); what a library does is an inner matter of numba's, so
that a test compiles kernels both ways and compares.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, PassManager, register_pass
from numba.core.typed_passes import AnnotateTypes

_COMPACT = 600
"""Instructions up to which an inner library is optimized by itself."""


class _WithoutEnvironments:
    """numba's code generator for a library without machine code: there is no address to put an environment at."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing."""


class _InnerLibrary(JITCodeLibrary):
    """The code of one function and of those it calls, to be linked into others."""

    @property
    def codegen(self) -> Any:
        return _WithoutEnvironments(self._codegen)

    def finalize(self) -> None:
        """Link what is called into this library; make no machine code."""
        self._raise_if_finalized()  # type: ignore[no-untyped-call]
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        if self._is_small():
            self._optimize_final_module()  # type: ignore[no-untyped-call]
        else:
            cheap = {"loop_vectorize": False, "slp_vectorize": False, "opt": 0, "cost": "cheap"}
            manager, builder = self._codegen._module_pass_manager(**cheap)
            manager.run(self._final_module, builder)
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: nothing here can be called by its address."""
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return 0

    def _is_small(self) -> bool:
        blocks = (block for function in self._final_module.functions for block in function.blocks)
        instructions = (instruction for block in blocks for instruction in block.instructions)
        return next(islice(instructions, _COMPACT, None), None) is None


@register_pass(mutates_CFG=False, analysis_only=True)
class _ChooseLibrary(AnalysisPass):
    _name = "asyncsoc_choose_library"

    def __init__(self) -> None:  # numba's base class leaves it abstract
        super().__init__()  # type: ignore[no-untyped-call]

    def run_pass(self, state: Any) -> bool:
        state.library = _InnerLibrary(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        return False


class InnerCompiler(CompilerBase):
    """numba's compiler, with a library of this kind for what it compiles."""

    def define_pipelines(self) -> list[PassManager]:
        """Return numba's passes, the library chosen before code is made."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_ChooseLibrary, AnnotateTypes)
        passes.finalize()
        return [passes]
