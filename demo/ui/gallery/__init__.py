"""Every way to open a picture: the examples, files, and the notice about an unusual one."""
