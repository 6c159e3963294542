"""Calibration: from counts and priors to a joint posterior, with the proof that it can be trusted.

The rooms in the order of work: `recipe` reads what is wanted, `targets` reads the figures off a
simulated county, `bank` simulates, `emulator` learns what the bank shows, `posterior` weighs,
`proof`, `identify` and `forecast` look at what came out, `job` does all of it in turn.
"""
