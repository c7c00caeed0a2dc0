"""The gallery: a page that shows and changes the library, served by the running peer to browsers on this machine.

Whoever may talk to it has logged in by a link that only the person at this device was given (``sessions``). A page of somebody else, open in the same
browser, gets nothing out of it: the ``guard`` looks at Host, Origin and Sec-Fetch-Site before anything else. ``operations`` has the table of all calls,
from which both the routes and their description are made; each subject has a module with the handlers of its calls.
"""
