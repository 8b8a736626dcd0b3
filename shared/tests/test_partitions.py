"""A key's partition is the one every Kafka client would choose."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.partitions import partition_of


@given(key=st.binary(max_size=64), partitions=st.integers(1, 100))
def test_a_key_has_the_partition_that_kafkas_default_partitioner_gives_it(
    key: bytes, partitions: int
) -> None:
    every = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, every, every)


def test_the_reference_values_of_kafkas_own_tests_hold() -> None:
    """From org.apache.kafka.common.utils.UtilsTest.testMurmur2, modulo 2^31."""
    reference = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    for key, signed in reference.items():
        assert partition_of(key, 2**31) == signed & 0x7FFFFFFF
