"""The commands, one file each: options, the call, what is shown of its answer."""
