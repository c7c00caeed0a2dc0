"""Several hosts on one machine: real multicast, real cables that are pulled, strangers on the same network. Needs root and Linux."""
