"""Own U(x), D(x) and polymer from CSV files, three coverages x three C-rates, and a heat map of the final SOC."""

from pathlib import Path

import asyncsoc as aso

own = Path(__file__).parent / "own"
case = aso.Case.from_objects(
    particle=aso.Particle(radius="5 um"),
    contact=aso.Contact.cap(0.3),
    material=aso.Material(
        name="own", open_circuit_potential=own / "ocv.csv", diffusivity=own / "diffusivity.csv",
        maximum_concentration="63104 mol/m3", formula="LiNi0.8Co0.1Mn0.1O2",
    ),
    electrolyte=aso.Electrolyte(
        name="own", conductivity=own / "conductivity.csv", separator_thickness="80 um", areal_capacity="2.55 mAh/cm2",
    ),
    kinetics=aso.Kinetics(exchange_current_density="0.3 A/m2"),  # assumed
    protocol=aso.Protocol.of("Charge at C/10 until 4.2 V", temperature="60 degC"),
)  # fmt: skip
data = aso.sweep(case, {"contact.coverage": [0.1, 0.3, 0.9], "protocol.rate": ["C/20", "C/10", "C/3"]})
print(data["Final mean SOC"].to_series().unstack())
aso.plot_heatmap(data, "Final mean SOC", units={"Final mean SOC": "%"}, path="own_everything.png")
