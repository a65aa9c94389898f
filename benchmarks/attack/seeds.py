"""Sound inputs of every kind, and the commands that read them."""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SMALL = """
[particle]
radius = "5 um"
[protocol]
temperature = "60 degC"
steps = ["Charge at 0.5 C for 10 minutes", "Rest for 5 minutes"]
"""
SWEPT = SMALL.replace("0.5 C", "{rate} C")
STEPS = (
    "Charge at C/10 until 4.2 V", "Discharge at 0.5 C for 2 hours or until 2.8 V", "Hold at 4.2 V until C/50",
    "Charge at 2 nA until 100 mAh/g", "Rest for 1 hour (5 minute period)",
)  # fmt: skip
REFERENCES = {"Li": -1.9, "Ni": -5.7, "Co": -7.1, "Mn": -9.0, "O": -4.9, "C": -9.2, "N": -8.3, "F": -1.9, "S": -4.1}
PHASES = ROOT / "asyncsoc" / "materials" / "thermochemistry" / "data" / "phases.json"
VOLUME = ("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "400 nm")
Words = Callable[[Path, random.Random], list[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes
    ----------
    seeds
        Sound files, or folders, of the kind.
    words
        Given the input and a source of chance, the command that reads it.
    share
        Of all inputs; those of commands that take long are fewer.
    """

    seeds: tuple[Path, ...]
    words: Words
    share: float = 1.0


def call(*words: object) -> int:
    """Run a command in this process; return its exit code."""
    from asyncsoc.cli.main import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main([str(word) for word in words])


def make_kinds(place: Path) -> dict[str, Kind]:
    """Write the seeds into `place` and return the kinds by name."""
    place.mkdir(parents=True)
    small, swept = place / "small.toml", place / "swept.toml"
    small.write_text(SMALL, encoding="utf-8")
    swept.write_text(SWEPT, encoding="utf-8")
    text = place / "steps.txt"
    text.write_text("\n".join(STEPS), encoding="utf-8")
    for words in (
        ("run", small, "-o", place / "results", "--no-plot", "--quiet"),
        ("sweep", swept, "--vary", "rate=0.5,0.7", "--workers", "1", "-o", place / "sweep", "--quiet", "--no-plot"),
    ):
        if call(*words) != 0:
            raise SystemExit(f"a sound input is refused: {words}")
    meshes, volumes = _particles(place), _volumes(place)
    csv = place / "measured.csv"
    csv.write_text("time [s], voltage [V]\n" + "".join(f"{60 * k}, {3.6 + 0.002 * k}\n" for k in range(40)))
    table = place / "cases.csv"
    table.write_text("contact.coverage,particle.radius\n0.3,5 um\n0.5,4 um\n", encoding="utf-8")
    cases = tuple(sorted((ROOT / "examples").glob("*.toml")))
    return {
        "cases": Kind((*cases, small), _of_case),
        "protocols": Kind((text,), _of_protocol),
        "results": Kind(tuple((place / "results").glob("*.vtkhdf")), lambda file, rng: _resumed(file, small)),
        "sweeps": Kind((place / "sweep",), _swept, 0.7),
        "meshes": Kind(meshes, lambda file, rng: _meshed(file, small), 0.7),
        "volumes": Kind(volumes, lambda file, rng: ["tomo", "stats", str(file), *_stated(file), "--json"]),
        "phases": Kind((PHASES,), lambda file, rng: _reacted("--phases", file)),
        "entries": Kind((_entries(place),), lambda file, rng: _reacted("--entries", file)),
        "csv": Kind((csv, table), lambda file, rng: _of_csv(file, small)),
        "manifests": Kind((place / "particles",), lambda folder, rng: _charged(folder, small), 0.7),
    }  # fmt: skip


def _of_case(file: Path, rng: random.Random) -> list[str]:
    if rng.random() < 0.6:
        return ["estimate", str(file), "--json"]
    return ["run", str(file), "-o", str(file.parent / "out"), "--no-plot", "--json"]


def _of_protocol(file: Path, rng: random.Random) -> list[str]:
    text = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ["protocol", "--json", "--", *text.split("\n")[:50]]


def _reacted(option: str, file: Path) -> list[str]:
    return ["react", option, str(file), "--x", "0.5", "--json"]


def _resumed(file: Path, case: Path) -> list[str]:
    return ["run", str(case), "--resume", str(file), "--no-plot", "--json"]


def _swept(folder: Path, rng: random.Random) -> list[str]:
    if rng.random() < 0.7:
        return ["sweep", "collect", str(folder), "--json", "--no-plot"]
    return ["sweep", str(folder), "--resume", "--plan", "--json"]


def _meshed(file: Path, case: Path) -> list[str]:
    keys = ["particle.shape=mesh", f"particle.file={file}", "particle.length_unit=m", "contact.kind=labels"]
    settings = [word for key in (*keys, "contact.active=['active']") for word in ("--set", key)]
    return ["run", str(_without_radius(case)), *settings, "--no-plot", "--json"]


def _without_radius(case: Path) -> Path:
    path = case.with_name("meshed.toml")
    if not path.exists():
        path.write_text(case.read_text(encoding="utf-8").replace('radius = "5 um"', ""), encoding="utf-8")
    return path


def _stated(file: Path) -> tuple[str, ...]:
    raw = ("--raw-shape", "24,24,24", "--raw-type", "uint8") if file.suffix == ".raw" else ()
    return (*VOLUME, "--min-voxels", "50", *raw)


def _of_csv(file: Path, case: Path) -> list[str]:
    if file.name.startswith("cases"):
        return ["sweep", str(case), "--table", str(file), "--plan", "--json"]
    return ["calibrate", str(case), str(file), "--fit", "kinetics.exchange_current_density=0.1:1", "--json"]


def _charged(folder: Path, case: Path) -> list[str]:
    return ["tomo", "charge", str(folder), str(_without_radius(case)), "--no-spheres", "--json"]


def _particles(place: Path) -> tuple[Path, ...]:
    """Mesh a particle in both formats; return its files."""
    from asyncsoc.tomography.mesher import MeshSettings
    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.split import split_particles
    from asyncsoc.tomography.synthetic import sphere_pack

    build_sphere_mesh = sphere_pack((26, 26, 26), radius=(7.0, 7.5), seed=5, coverage=0.5)
    settings = MeshSettings(cells_across=6.0, min_voxels=100, interior_only=False)
    particles = split_particles(build_sphere_mesh.volume)
    mesh_particles(build_sphere_mesh.volume, particles, settings, folder=place / "particles", only=[1])
    mesh_particles(build_sphere_mesh.volume, particles, settings, folder=place / "vtkhdf", suffix=".vtkhdf", only=[1])
    return (*(place / "particles").glob("*.vtu"), *(place / "vtkhdf").glob("*.vtkhdf"))


def _volumes(place: Path) -> tuple[Path, ...]:
    """Write one volume in every format there is a writer for."""
    import h5py

    from asyncsoc.tomography.synthetic import sphere_pack

    build_sphere_mesh = sphere_pack((24, 24, 24), radius=(4.0, 5.0), seed=5, coverage=0.5)
    labels = np.ascontiguousarray(np.array([0, 2, 1, 3], np.uint8)[build_sphere_mesh.volume.phases])
    folder = place / "volumes"
    folder.mkdir()
    np.save(folder / "v.npy", labels)
    np.savez_compressed(folder / "v.npz", labels=labels)
    labels.tofile(folder / "v.raw")
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_dataset("labels", data=labels, compression="gzip", chunks=(8, 24, 24))
    nz, ny, nx = labels.shape
    size = f"{nx} {ny} {nz}"
    head = f"ObjectType = Image\nNDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    (folder / "v.mha").write_bytes(head.encode() + labels.tobytes())
    nrrd = f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: {size}\nencoding: raw\n\n"
    (folder / "v.nrrd").write_bytes(nrrd.encode() + labels.tobytes())
    amira = f"# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n\ndefine Lattice {size}\n\nLattice {{ byte Labels }} @1\n\n@1\n"
    (folder / "v.am").write_bytes(amira.encode() + labels.tobytes() + b"\n")
    header = np.zeros(352, np.uint8)
    header[:4] = np.array([348], "<i4").view(np.uint8)
    header[40:56] = np.array([3, nx, ny, nz, 1, 1, 1, 1], "<i2").view(np.uint8)
    header[70:74] = np.array([2, 8], "<i2").view(np.uint8)
    header[76:108] = np.ones(8, "<f4").view(np.uint8)
    header[108:112] = np.array([352], "<f4").view(np.uint8)
    header[344:348] = np.frombuffer(b"n+1\0", np.uint8)
    (folder / "v.nii").write_bytes(header.tobytes() + labels.tobytes())
    try:
        import tifffile
    except ModuleNotFoundError:
        pass
    else:
        tifffile.imwrite(folder / "v.tif", labels)
        tifffile.imwrite(folder / "z.tif", labels, compression="zlib")
    return tuple(sorted(folder.iterdir()))


def _entries(place: Path) -> Path:
    """Write the package's phases as computed entries: total energies on an arbitrary zero of each element."""
    from asyncsoc.materials.thermochemistry.loading import default_phase_table

    zeros = {**REFERENCES, "H": -3.4}
    entries = [{"composition": {e: 2.0}, "energy": 2.0 * zero, "entry_id": f"mp-{e}"} for e, zero in zeros.items()]
    for number, phase in enumerate(default_phase_table().phases):
        if set(phase.composition) <= set(zeros):
            energy = phase.energy + sum(amount * zeros[element] for element, amount in phase.composition.items())
            entries.append({"composition": dict(phase.composition), "energy": energy, "entry_id": f"mp-{number}"})
    path = place / "entries.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def copied(seed: Path, folder: Path) -> Path:
    """Return a copy of a seed, file or folder, in `folder`."""
    target = folder / seed.name
    return Path(shutil.copytree(seed, target) if seed.is_dir() else shutil.copy(seed, target))
