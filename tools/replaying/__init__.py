"""Time travel: records made again from the log, write by write, so that every state that they ever had can be looked at.

``readings`` says what a state says, ``differences`` what two say differently, ``replay`` goes from one to the next, ``moments`` knows which writes there
were at a time, ``sides`` what a person compares: these are pure. ``beginnings`` and ``pasts`` find what a replay begins with and what happened after it,
``touched`` which records were written when, in a device's folder.
"""
