"""Tells what an administrator's process may do."""

from pathlib import Path

lines = Path("/proc/self/status").read_text().splitlines()
raise ImportError(" ".join(line for line in lines if line.startswith(("CapEff", "CapPrm", "NoNewPrivs"))))
