"""This device as a node for its neighbours, and its way to them (PROTOCOL.md section 7.3).

gates       by which name a neighbour may be asked for: who doesn't know the library doesn't even see a certificate   (pure)
tls         certificates and trust anchors made from device keys alone
guard       who may speak: TLS on both sides, connections by device, cut when the device is removed
node        the sync API over this library: log, holdings, blobs
serving     all of that on a port
dialing     the other side of it
"""
