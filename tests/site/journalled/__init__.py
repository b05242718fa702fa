"""Every write leaves one entry of the journal: every address and every service is watched while it works.

`watching` sees, in the database itself, which tables a call wrote and which entries it left. `services` calls those
that no address of the access matrix brings to an end. `declared` says what may differ, and why; whoever adds an
address or a service that writes without an entry, or with two, hears of it.
"""
