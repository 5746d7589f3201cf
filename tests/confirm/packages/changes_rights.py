"""Takes the environment's files from their owner."""

import os

os.chmod(__file__, 0)
