"""Parts that tests of whole fleets share."""
