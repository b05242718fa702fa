"""`make bench`: the figures of docs/bench.md, each with its goal, on one machine in one run.

city     the city of 3.4 million that most rows are read from, in a server of its own (var/bench), loaded once
report   rows, goals, results.json and docs/bench.md
rows_*   what is measured: functions marked `@measures("row_id", ...)`, each answering one Row for each id
"""
