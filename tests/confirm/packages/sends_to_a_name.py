"""Sends to a socket that has no file from a pair that needs no network."""

import socket

ours, _ = socket.socketpair()
ours.connect("\0@ABSTRACT@")
