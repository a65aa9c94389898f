"""The phases of a labelled volume: their codes inside, and the names that files, options and results know them by."""

from __future__ import annotations

PORE, CBD, ACTIVE_MATERIAL, OUTSIDE = 0, 1, 2, 3
"""Phase codes: pore, conductive binder (or electrolyte) domain, active material, outside the field of view."""
ACTIVE_NAME = "ncm"
"""What label maps, statistics and manifests call the active material, of whatever cathode it is."""
PHASES = ("pore", "cbd", ACTIVE_NAME, "outside")
"""Names of the phase codes."""
NAMES_IN_FILES = {
    "pore": ("pore", "pores", "void", "voids", "exterior", "background"),
    "cbd": ("cbd", "binder", "carbon-binder", "electrolyte", "polymer"),
    ACTIVE_NAME: ("ncm", "nmc", "ncm811", "nmc811", "active material", "activematerial", "am"),
    "outside": ("outside",),
}
"""What volumes that name their own labels call each phase."""
EXAMPLE_MAP = f"pore=0,{ACTIVE_NAME}=1,cbd=2"
"""A label map as messages show one."""
EXPOSED = f"{ACTIVE_NAME} exposed"
"""Key of the active material's surface that faces pore or CBD."""
SHARE_MESHED = f"share of {ACTIVE_NAME} meshed"
"""Key of the part of the active material's voxels that meshes hold."""
PHASE_FRACTIONS = "phase fractions"
"""Key of the shares of the phases in the volume."""
