"""Facts up: what workers find at the doors and report at once. (Word down the chain will stand here too.)

Tables: `special` (special situations, with who settled them); `notice_file`, `notice_file_bytes`, `notice_file_part`
(photos and voice notes: what each is about, its bytes, and pieces of it on their way). No events.
"""
