"""Numbers that look drawn at random, which the tests in Go make in the same way."""
import numpy as np


def uniform(name, n):
    """n numbers in (0, 1) in float64, from a name (FNV-1a) and each one's place (murmur3's last mix)."""
    seed = 2166136261
    for b in name.encode():
        seed = (seed ^ b) * 16777619 % 2**32
    h = np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
    for shift, factor in (16, 0x85EBCA6B), (13, 0xC2B2AE35):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return ((h ^ (h >> np.uint32(16))).astype(np.float64) + 0.5) / 2**32
