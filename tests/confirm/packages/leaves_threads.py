"""Starts threads that never end."""

import threading
import time

for _ in range(4):
    threading.Thread(target=time.sleep, args=(100_000,)).start()
