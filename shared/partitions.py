"""Which partition a key belongs to: the choice of Kafka's own clients, so that all agree.

aiokafka has the same function, a byte at a time; the relay asks it for every row. A test holds the
two against each other.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct

SEED = 0x9747B28C
FACTOR = 0x5BD1E995
MASK = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, from 0: its murmur2 hash without the sign, modulo the partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Austin Appleby's MurmurHash2, 32 bits, with the seed of Kafka's Java client."""
    length = len(data)
    hashed = SEED ^ length
    for word in _words(length >> 2)(data):
        mixed = word * FACTOR & MASK
        hashed = (hashed * FACTOR ^ (mixed ^ mixed >> 24) * FACTOR) & MASK
    if rest := data[length & ~3 :]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * FACTOR & MASK
    hashed = (hashed ^ hashed >> 13) * FACTOR & MASK
    return hashed ^ hashed >> 15


@lru_cache(maxsize=256)
def _words(count: int) -> Callable[[bytes], tuple[int, ...]]:
    return Struct(f"<{count}I").unpack_from
