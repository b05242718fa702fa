"""How somebody proves who they are, and what of it is open: the ways into an account.

Tables: `second_factor` (an authenticator app), `recovery_code`, `passkey`, `account_session`, `sign_in_guard` (failed
attempts), `invitation`. Who an account is, is `core`'s; what it may do, `duty`'s. Hears `duty.events`: a password set
by somebody else or a closed account ends sessions and invitations. All but the guard and invitations are the account's
own rows behind the wall: who signs in, or an administrator with authority over the account, reaches them through
`rows_of`.
"""
