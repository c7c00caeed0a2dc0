"""Files as they are found on cards and disks: whole, broken, oddly named, and on the move."""
