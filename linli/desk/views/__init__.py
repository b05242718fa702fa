"""Pages of the desk's own: sign-in and switches, home, journal, imports."""
