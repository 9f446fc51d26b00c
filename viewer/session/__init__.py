"""Every act of a user is a named command here; menus, keys, the command line and tests call the same."""
