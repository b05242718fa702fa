"""Facts up: what workers find at the doors and report at once. (Word down the chain will stand here too.)

Table: `special` (special situations, with who settled them). No events.
"""
