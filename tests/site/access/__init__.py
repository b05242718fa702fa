"""The access matrix: every address of the product is declared here, each room's in a file of its own.

An entry of `ENDPOINTS` says which permission the address asks for, on which doors of the place it is called for, and
how to call it. The matrix then calls it as every role, for a place that is the caller's own, inside it, around it,
beside it and far from it, in real transactions behind the wall. An address nobody declared fails the test.
"""
