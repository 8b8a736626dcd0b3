"""Every replica is renewed under load: nothing is lost or said twice, and nobody waits long."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.faults.campaign import session_timeout_ms
from deploy.local.scaling.campaign import (
    LONGEST_WAIT_SECONDS,
    Orders,
    Run,
    renew_all,
    settle_accounts,
    under_load,
)
from deploy.local.scaling.measures import percentile
from deploy.local.stack import Stack

TWICE = ("intake", "deadline")


@pytest.mark.broker
@pytest.mark.timeout(240)
async def test_a_rolling_restart_loses_and_repeats_nothing(session_directory: Path) -> None:
    run = Run(Orders(TWICE, 0, dossiers_per_second=5))
    async with Stack(
        "renewal",
        replicas=dict.fromkeys(TWICE, 2),
        environment={"KAFKA_SESSION_TIMEOUT_MS": str(session_timeout_ms())},
        is_durable=False,
        parent=session_directory,
    ) as stack:
        pids = {replica.pid for replica in stack.replicas.values()}
        async with under_load(stack, run) as (load, rotation):
            await asyncio.sleep(1)
            with pytest.raises(ValueError, match="no replica beside 0"):
                await rotation.stop("feedback", 0)
            renewal = await renew_all(stack, rotation, load, TWICE)
        kept = pids & {replica.pid for replica in stack.replicas.values()}
        assert kept == {stack.replicas["feedback", 0].pid}
        await settle_accounts(stack, run)
        assert run.wrong == []
        assert run.verdict is not None and run.verdict.balances, run.verdict
        assert renewal.replicas == 4 and len(renewal.waits) > 10
        if stack.broker.keeps_places:
            assert percentile(renewal.waits, 0.99) < LONGEST_WAIT_SECONDS
