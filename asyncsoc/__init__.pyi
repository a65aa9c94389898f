from asyncsoc import tomography as tomography
from asyncsoc.case.case import Case as Case
from asyncsoc.case.chemistry import Electrolyte as Electrolyte
from asyncsoc.case.chemistry import Material as Material
from asyncsoc.case.contact import Contact as Contact
from asyncsoc.case.electrode import Electrode as Electrode
from asyncsoc.case.imported import ImportedParameters as ImportedParameters
from asyncsoc.case.imported import import_bpx as import_bpx
from asyncsoc.case.imported import import_pybamm as import_pybamm
from asyncsoc.case.kinetics import Kinetics as Kinetics
from asyncsoc.case.particle import Particle as Particle
from asyncsoc.case.reactant import Reactant as Reactant
from asyncsoc.case.schedule import Output as Output
from asyncsoc.case.schedule import Protocol as Protocol
from asyncsoc.case.schedule import Solver as Solver
from asyncsoc.case.side_reaction import SideReaction as SideReaction
from asyncsoc.protocol.battery_data_format import read_bdf as read_bdf
from asyncsoc.simulation.particle_group import simulate_particles as simulate_particles
from asyncsoc.simulation.results.solution import Solution as Solution
from asyncsoc.simulation.run import simulate as simulate
from asyncsoc.studies.calibration.calibrate import calibrate as calibrate
from asyncsoc.studies.calibration.measured import MeasuredCurve as MeasuredCurve
from asyncsoc.studies.calibration.measurement import Measurement as Measurement
from asyncsoc.studies.sweep.call import sweep as sweep
from asyncsoc.studies.sweep.heatmap import plot_heatmap as plot_heatmap
from asyncsoc.studies.verification.estimate_case import estimate as estimate

__version__: str
