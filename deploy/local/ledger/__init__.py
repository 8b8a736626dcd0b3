"""The ledger: proves from tables and topics that nothing was lost, doubled, reordered or stuck.

It shares no code with what it proves. Topics, sources, who hears what and which event follows which
are written down here a second time, so that a mistake would have to be made twice to go unseen.
"""
