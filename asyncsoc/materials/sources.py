"""The publications parameters are taken from, cited once."""

from __future__ import annotations

STURM2019 = "J. Sturm et al., J. Power Sources 412 (2019) 204, doi:10.1016/j.jpowsour.2018.11.043"
CHEN2020 = "C.-H. Chen et al., J. Electrochem. Soc. 167 (2020) 080534, doi:10.1149/1945-7111/ab9050"
OREGAN2022 = "K. O'Regan et al., Electrochim. Acta 425 (2022) 140700, doi:10.1016/j.electacta.2022.140700"
GHOSH2021 = "A. Ghosh et al., J. Electrochem. Soc. 168 (2021) 020509, doi:10.1149/1945-7111/abdc71"
AN2023 = "H. An et al., Adv. Funct. Mater. (2023), doi:10.1002/adfm.202305186"
BRADFORD2023 = "G. Bradford et al., ACS Cent. Sci. 9 (2023) 206, doi:10.1021/acscentsci.2c01123"
NYMAN2008 = "A. Nyman et al., Electrochim. Acta 53 (2008) 6356"
ASSUMED = "assumed"
"""Source of a value nobody is cited for."""
