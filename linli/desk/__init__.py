"""Desk: the command desk's shell.

Owns no table. Gives every page its frame (navigation, language, large type, account), and has the pages that belong to
no one room: sign-in, home, imports, the journal. Rooms bring their own pages and register them in `core.faces`; what
can be imported, in `core.importers`.
"""
