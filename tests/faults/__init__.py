"""The fault suite: real work at a real installation while its processes and its database are killed.

`work` does marks and imports as phones and offices do and keeps a ledger of everything the server acknowledged;
`killing` kills by a seeded plan; `checking` compares the ledger with the database, row by row; `report` says what was
seen. The quick part runs in `make test`, the whole in `make faults` (docs/faults.md).

LINLI_FAULTS_KILLS, LINLI_FAULTS_STOPS, LINLI_FAULTS_CUTS and LINLI_FAULTS_SEED change the numbers of the whole part.
"""
