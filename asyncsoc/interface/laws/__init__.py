"""Rate laws, one file each: parameters, compiled kernel, plain-numpy reference, name in case files."""
