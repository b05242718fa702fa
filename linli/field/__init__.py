"""The shell of workers' phones: signing in, the work pack, taking work that was done without signal (docs/sync.md).

Knows no room: rooms register kinds of commands and sections of the pack with `linli.core.field`, each in its own
`field.py`.

Tables: `field_session` (a phone's sign-in, with the sealed key that its work is sealed under), `field_key` (the
server's key pairs), `field_receipt` (commands carried out, for ever).
"""
