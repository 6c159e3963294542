"""The simple county in the libraries that others use."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from benchmarks.inner_loop.compile_c import compiler
from benchmarks.measured import Found, Row, Size, Skipped, child
from benchmarks.simple_county import law
from dapp_model.randomness import stream_key

SLOW = 1  # rounds of those that take a quarter of a minute or more
AGREES = 3.5  # standard errors: the furthest of 22 counts, when luck is not shared


@dataclass(frozen=True)
class Peer:
    """A peer: its name, module, function, what it needs, whether it shares the keyed draws."""

    name: str
    module: str
    function: str = "simulate"
    needs: str = ""
    slow: bool = False
    keyed: bool = True


PEERS = (
    Peer("SimPy, idiomatic", "simpy_idiomatic", needs="simpy"),
    Peer("SimPy, tuned, collector off", "simpy_tuned", needs="simpy"),
    Peer("Ciw", "ciw_network", needs="ciw", slow=True),
    Peer("salabim", "salabim_components", needs="salabim", slow=True),
    Peer("Starsim, weekly steps", "starsim_weekly", needs="starsim", slow=True, keyed=False),
    Peer("plain Python heap", "plain_heap"),
    Peer("numba, everybody on one heap", "numba_small", needs="numba"),
    Peer("numba, our way", "numba_small", "simulate_apart", needs="numba"),
    Peer("C, everybody on one heap", "c_small", needs="cc"),
    Peer("C, our way", "c_small", "simulate_apart", needs="cc"),
)
STANDARD = PEERS[7]
FIRST = PEERS[0]


def missing(peer: Peer) -> str:
    """Return why a peer cannot run here, or nothing."""
    if peer.needs == "cc":
        return "" if compiler() else "no C compiler (cc, gcc or clang)"
    if peer.needs and find_spec(peer.needs) is None:
        return f"{peer.needs} is not installed: pip install '.[bench]'"
    return ""


def keys(n: int, seed: int = 1) -> list[int]:
    """Return the keys of that many replications."""
    return [int(stream_key(seed, replicate)) for replicate in range(n)]


def ran(peer: Peer, people: int, wanted: list[int]) -> dict[str, object]:
    """Run a peer in a process of its own: seconds and counts by key, memory in kB."""
    return child("benchmarks.simple_county.peer", peer.module, peer.function, people, *wanted)


def peers(size: Size) -> Found:
    """Compare all peers; who counts otherwise than the law says is refused."""
    chosen = keys(size.rounds)
    truth = np.array(ran(STANDARD, size.people, chosen)["counts"])
    seconds: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    refused: dict[str, str] = {}
    words: dict[str, str] = {}
    for turn, key in enumerate(chosen):
        for peer in PEERS:
            if peer.name in refused or (turn >= SLOW and peer.slow):
                continue
            refused[peer.name] = missing(peer)
            if refused[peer.name]:
                continue
            del refused[peer.name]
            try:
                found = ran(peer, size.people, [key])
            except RuntimeError as reason:
                refused[peer.name] = f"stopped: {reason}"
                continue
            if peer.keyed and not np.array_equal(found["counts"][0], truth[turn]):
                refused[peer.name] = "refused: it counts otherwise than the law says"
            elif not peer.keyed and peer.name not in words:
                refused[peer.name], words[peer.name] = in_distribution(peer, size)
                if not refused[peer.name]:
                    del refused[peer.name]
            seconds.setdefault(peer.name, []).append(found["seconds"][0])
            memory[peer.name] = found["grown"] / 1024
    if FIRST.name in refused:
        yield Skipped("peers", refused[FIRST.name])
        return
    base = statistics.median(seconds[FIRST.name])
    events = statistics.mean(law.events_of(one) for one in truth)
    for peer in PEERS:
        if peer.name in refused:
            yield Skipped(peer.name, refused[peer.name])
            continue
        each = statistics.median(seconds[peer.name])
        runs = len(seconds[peer.name])
        detail = (
            f"{each:.3g} s a replication ({runs} run{'s' if runs > 1 else ''}), "
            f"{events / each:,.0f} events a second, {memory[peer.name]:.0f} MB; "
            f"{words.get(peer.name, 'every count equal')}"
        )
        yield Row("peers", peer.name, base / each, "times as fast as idiomatic SimPy", detail)
    yield Row(
        "peers", "events of a replication", events, "events", f"{size.people:,} people at the start"
    )


def in_distribution(peer: Peer, size: Size) -> tuple[str, str]:
    """Return (why the peer is refused, or nothing; words on how it agrees)."""
    people, n = 900, 8 if size.rounds == 1 else 20
    ours = np.array(ran(STANDARD, people, keys(400, seed=7))["counts"], float)
    theirs = np.array(ran(peer, people, keys(n, seed=5))["counts"], float)
    spread = ours.std(axis=0, ddof=1) * np.sqrt(1 / len(ours) + 1 / n)
    z = (theirs.mean(axis=0) - ours.mean(axis=0)) / spread
    furthest = float(np.abs(z).max())
    said = f"{n} replications of {people} people: furthest of {len(z)} counts {furthest:.1f} SE off"
    return ("" if furthest <= AGREES else f"refused: {said}"), said
