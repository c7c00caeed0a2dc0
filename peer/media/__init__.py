"""What a file is: its type, what its metadata says, and the pictures made from it. Nothing here trusts a byte."""
