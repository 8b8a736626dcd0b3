"""`make bench`: every figure of the product, against its targets, the floor and peers."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from time import perf_counter
from typing import Annotated

import typer

from bench import due, figures, pipeline, recomputation, relay, storm, sweep, timer, whole
from bench.feedback import costs, hearing, live
from bench.few_and_many import Costs
from bench.figures import Figure, of_runs, percentile, ratio
from bench.history import costs as history
from bench.history.filling import WITHOUT_LOG
from bench.machine import describe_machine
from bench.parts import BrokerName, open_databases, open_parts
from deploy.local.apache import fetched_libraries
from deploy.local.children import ChildError
from deploy.local.stack import run
from shared.clock import SystemClock


class Part(StrEnum):
    """What can be measured alone."""

    RELAY = "relay"
    PIPELINE = "pipeline"
    WHOLE = "whole"
    STORM = "storm"
    DUE = "due"
    TIMERS = "timers"
    RECOMPUTE = "recompute"
    SWEEP = "sweep"
    FEEDBACK = "feedback"
    SCORES = "scores"
    HISTORY = "history"


WITHOUT_BROKER = frozenset(
    {Part.DUE, Part.TIMERS, Part.RECOMPUTE, Part.SWEEP, Part.SCORES, Part.HISTORY}
)


class Broker(StrEnum):
    """On what."""

    EMBEDDED = "embedded"
    APACHE = "apache"


BROKERS: dict[Broker, BrokerName] = {Broker.EMBEDDED: "embedded", Broker.APACHE: "apache"}


def main(
    only: Annotated[list[Part] | None, typer.Option(help="Measure this alone.")] = None,
    broker: Annotated[list[Broker] | None, typer.Option(help="On this broker alone.")] = None,
    quick: Annotated[bool, typer.Option(help="A look, not a measurement.")] = False,
) -> None:
    """Measure; everything, and not quickly, is also written to bench/results.json."""
    run(_measure(only or list(Part), broker or _brokers_at_hand(), quick, bool(only or broker)))


async def _measure(
    parts: Sequence[Part], brokers: Sequence[Broker], quick: bool, is_partial: bool
) -> None:
    began = perf_counter()

    def tell(line: str) -> None:
        print(f"[{perf_counter() - began:5.0f} s] {line}", flush=True)

    measured: dict[str, list[Figure]] = {}
    if Part.DUE in parts:
        dates = due.Sizes(50_000, 1_000, 1) if quick else due.Sizes()
        measured["no server"] = _of_dues(await due.measure_dues(dates, tell))
    if WITHOUT_BROKER.intersection(parts) - {Part.DUE}:
        tell("on PostgreSQL alone")
        measured["no broker"] = await _measure_on_postgres(parts, quick, tell)
    for broker in brokers if set(parts) - WITHOUT_BROKER else []:
        tell(f"on {broker} Kafka")
        measured[broker.value] = await _measure_on(BROKERS[broker], parts, quick, tell)
    machine = describe_machine()
    figures.show(measured, f"{machine['cores']} cores, {machine['processor']}")
    tell("done")
    if not quick and not is_partial:
        about = {"date": SystemClock().now().date().isoformat(), "machine": machine}
        figures.write(measured, about)
        tell(f"written to {figures.RESULTS.name}")


async def _measure_on_postgres(
    parts: Sequence[Part], quick: bool, tell: Callable[[str], None]
) -> list[Figure]:
    found: list[Figure] = []
    async with open_databases() as opened:
        if Part.TIMERS in parts:
            few = timer.Sizes(5_000, 500, 1) if quick else timer.Sizes()
            found += _of_timers(await timer.measure_timers(opened, few, tell))
        if Part.RECOMPUTE in parts:
            some = recomputation.Sizes(20_000) if quick else recomputation.Sizes()
            found += _of_recomputations(
                await recomputation.measure_recomputations(opened, some, tell)
            )
        if Part.SWEEP in parts:
            open_ = sweep.Sizes(many=200_000, sweeps=3, rounds=1) if quick else sweep.Sizes()
            swept = await sweep.measure_sweeps(opened, open_, tell)
            found += _of_few_and_many(swept, "sweep", "open")
        if Part.SCORES in parts:
            behind = costs.Sizes(many=200_000, ratings=300, rounds=1) if quick else costs.Sizes()
            rated = await costs.measure_costs(opened, behind, tell)
            found += _of_few_and_many(rated, "scores", "behind", "update_cost_ratio")
    if Part.HISTORY in parts:
        async with open_databases(WITHOUT_LOG) as opened:
            old = history.Sizes(many=200_000, sets=2, rounds=1) if quick else history.Sizes()
            lived = await history.measure_history(opened, old, tell)
            found += _of_few_and_many(lived, "history", "behind")
    return found


async def _measure_on(
    broker: BrokerName, parts: Sequence[Part], quick: bool, tell: Callable[[str], None]
) -> list[Figure]:
    found: list[Figure] = []
    if Part.PIPELINE in parts or Part.RELAY in parts:
        async with open_parts(broker) as opened:
            if Part.PIPELINE in parts:
                sizes = pipeline.Sizes(15_000, 1_000, 1) if quick else pipeline.Sizes()
                found += _of_pipelines(await pipeline.measure_pipelines(opened, sizes, tell))
            if Part.RELAY in parts:
                few = relay.Sizes(20_000, 4_000, 1) if quick else relay.Sizes()
                found += _of_relays(await relay.measure_relays(opened, few, tell))
    if Part.FEEDBACK in parts:
        async with open_parts(broker) as opened:
            heard = hearing.Sizes(15_000, 1) if quick else hearing.Sizes()
            found += _of_hearing(await hearing.measure_hearing(opened, heard, tell))
            seen = live.Sizes(5_000, 1_000, 1, 50, 100) if quick else live.Sizes()
            found += _of_live(await live.measure_live(opened, seen, tell))
    if Part.WHOLE in parts:
        some = whole.Sizes(20, 30, 1, 2_000) if quick else whole.Sizes()
        found += _of_whole(await whole.measure_whole(broker, some, tell))
    if Part.STORM in parts:
        clocks = storm.Sizes(5_000, 200, rounds=1) if quick else storm.Sizes()
        async with open_parts(broker) as opened:
            found += _of_storms(await storm.measure_storms(opened, clocks, tell))
    return found


def _of_dues(rates: due.Rates) -> list[Figure]:
    return [
        of_runs("due.per_s", rates.ours),
        of_runs("due.hours_per_s", rates.ours_in_hours),
        of_runs("due.businesstimedelta_per_s", rates.peer_in_hours),
        ratio("due.ratio_to_businesstimedelta", rates.ours_in_hours, rates.peer_in_hours),
    ]


def _of_pipelines(rates: pipeline.Rates) -> list[Figure]:
    return [
        of_runs("pipeline.events_per_s", rates.ours),
        of_runs("pipeline.with_relay_per_s", rates.with_relay),
        of_runs("pipeline.until_said_per_s", rates.until_said),
        of_runs("pipeline.traced_per_s", rates.traced),
        of_runs("pipeline.naive_per_s", rates.naive),
        of_runs("pipeline.floor_per_s", rates.floor),
        ratio("pipeline.ratio_to_naive", rates.ours, rates.naive),
        ratio("pipeline.ratio_to_floor", rates.ours, rates.floor),
        ratio("pipeline.ratio_to_untraced", rates.traced, rates.with_relay),
    ]


def _of_relays(rates: relay.Rates) -> list[Figure]:
    to_txoutbox = ratio("relay.ratio_to_txoutbox", rates.ours, rates.txoutbox)
    to_faststream = ratio("relay.ratio_to_faststream_outbox", rates.ours, rates.faststream_outbox)
    return [
        of_runs("relay.events_per_s", rates.ours),
        of_runs("relay.txoutbox_per_s", rates.txoutbox),
        of_runs("relay.faststream_outbox_per_s", rates.faststream_outbox),
        to_txoutbox,
        to_faststream,
        Figure("relay.ratio_to_better_peer", min(to_txoutbox.value, to_faststream.value)),
    ]


def _of_whole(measured: whole.Measured) -> list[Figure]:
    every = [took for round_ in measured.appointments for took in round_]
    floors = [took for round_ in measured.floors for took in round_]
    medians = [percentile(round_, 0.5) for round_ in measured.appointments]
    floor_medians = [percentile(round_, 0.5) for round_ in measured.floors]
    return [
        Figure("appointment_ms.p50", percentile(every, 0.5), tuple(medians)),
        Figure("appointment_ms.p99", percentile(every, 0.99)),
        Figure("appointment_ms.floor_p50", percentile(floors, 0.5), tuple(floor_medians)),
        ratio("appointment_ms.ratio_to_floor", medians, floor_medians),
        Figure("intake.dossiers_per_s", measured.dossiers_per_s),
        *(Figure(f"rss_mb.{service}", size) for service, size in measured.rss_mb.items()),
    ]


def _of_storms(measured: storm.Measured) -> list[Figure]:
    return [
        of_runs("storm.alarms", measured.alarms),
        of_runs("storm.last_alarm_s", measured.last_alarm_s),
        of_runs("storm.latency_ms.p99", measured.latency_ms),
        of_runs("storm.calm_latency_ms.p99", measured.calm_latency_ms),
        ratio("storm.latency_ratio", measured.latency_ms, measured.calm_latency_ms),
        Figure("timers.lateness_ms.p50", percentile(measured.lateness_ms, 0.5)),
        Figure("timers.lateness_ms.p99", percentile(measured.lateness_ms, 0.99)),
    ]


def _of_timers(rates: timer.Rates) -> list[Figure]:
    return [
        of_runs("timers.alarms_per_s", rates.ours),
        of_runs("timers.procrastinate_per_s", rates.procrastinate),
        ratio("timers.ratio_to_procrastinate", rates.ours, rates.procrastinate),
    ]


def _of_recomputations(measured: recomputation.Measured) -> list[Figure]:
    return [
        of_runs("recompute.clocks_per_s", measured.clocks_per_s),
        Figure("recompute.alarm_delay_ms.p99", percentile(measured.delays_ms, 0.99)),
    ]


def _of_few_and_many(
    costs: Costs, name: str, lie: str, ratio_of: str = "cost_ratio"
) -> list[Figure]:
    return [
        of_runs(f"{name}.few_{lie}_ms", costs.few),
        of_runs(f"{name}.many_{lie}_ms", costs.many),
        ratio(f"{name}.{ratio_of}", costs.many, costs.few),
    ]


def _of_hearing(rates: hearing.Rates) -> list[Figure]:
    return [
        of_runs("feedback.pipeline_events_per_s", rates.ours),
        of_runs("feedback.floor_per_s", rates.floor),
        ratio("feedback.ratio_to_floor", rates.ours, rates.floor),
    ]


def _of_live(measured: live.Measured) -> list[Figure]:
    return [
        of_runs("feedback.ratings_per_s", measured.ratings_per_s),
        Figure("page.town_ms.p50", percentile(measured.page_ms, 0.5)),
        Figure("page.town_ms.p99", percentile(measured.page_ms, 0.99)),
    ]


def _brokers_at_hand() -> list[Broker]:
    """The embedded one, and Apache Kafka where Maven Central and Java can be had."""
    try:
        fetched_libraries()
    except ChildError as missing:
        print(f"Apache Kafka is left out: {missing}")
        return [Broker.EMBEDDED]
    return [Broker.EMBEDDED, Broker.APACHE]


if __name__ == "__main__":
    typer.run(main)
