"""Residents: who lives behind which door, and what they need.

Tables: `household` (behind a door, by its key), `person` (in a household; carries the household's key). ID number and phone
are sealed and found by keyed hashes. Publishes `events.PeopleChanged`, once a transaction, for whoever came, moved or left;
whoever writes who lives where first takes the register's lock (`register.change_register`).
"""
