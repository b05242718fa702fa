"""The same person or household twice in the register: found by a job, decided by people, merged, taken apart again.

`model` says what is compared and what each agreement is worth; `finding` is the job; `queries` are the pages' reads;
`people` and `households` merge and undo; `aliases` keeps which entry stands for a merged one.
"""
