"""What is read off the state of a particle: pure functions of arrays, and the recorders that call them."""
