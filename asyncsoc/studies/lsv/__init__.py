"""Virtual linear sweep voltammetry: the side reaction on an inert electrode and on particles."""
