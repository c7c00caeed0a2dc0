"""A fleet in one process, from one seed: devices, relays, disks, clocks and a bad network, and afterwards a judge.

    python -m tests.simulation --seed 7            one run, and its story
    python -m tests.simulation --seeds 1..50       many; the first that fails is printed with the command that replays it
    python -m tests.simulation --seed 7 --shrink   the shortest history that still fails

A seed gives a *history* (``history``): how many devices and relays there are, and a list of steps, each a thing that a person does or that breaks.
A *world* (``world``) lives through it in virtual time: real libraries on real SQLite files, real engines, the relay's real service over its real
stores; only threads, sockets, disks, clocks and randomness are the simulator's own. At the end all faults stop, everyone that still lives meets
everyone, and the *oracle* judges what is left. Everything that happens is a line of the *story*, which is the same on any machine.
"""
