"""Who is on the local network: devices of one library announce themselves there, and recognise each other (PROTOCOL.md section 7.2).

A hint, never the truth. Multicast DNS has no authentication: anybody may announce anything, in anybody's name. What is found here is
worth one attempt to connect; a neighbour is who proves its key in that connection.
"""
