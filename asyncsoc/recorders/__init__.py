"""What a run keeps: curves, snapshots and the side reaction; the functions of arrays that make them."""
