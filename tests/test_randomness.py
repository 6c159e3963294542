"""The random numbers are Philox's, the functions are accurate, and a small log stays what it is.

`golden.toml` is a complete scenario, so that no change of a parameter's default touches it;
`golden.json` holds the hashes of its logs. They change when a rule, an engine or a random number
changes. If that was meant, write them anew and say so in the change log:

    python tests/test_randomness.py

(Delete `golden.toml` first if a parameter was renamed: it is then written anew too.)
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.engines import simulate
from dapp_model.scenario import load
from dapp_model.world import BANDS, DAY, ENTRY_BAND, ORIGIN, P_SIZE, YEAR, P

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"
SCENARIO = HERE / "golden.toml"
GOLDEN_OPTIONS = ("stop", "extend_one_to_one_high_harm", "pause_and_evaluate")
PURPOSES = {name: value for name, value in vars(rnd).items() if name.isupper() and name[0] != "_"}
ULP = 2.0**-52
KEY = int(rnd.stream_key(1, 0))


# --- the generator ---


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
    ids=["zero", "ones", "digits of pi"],
)  # fmt: skip
def test_philox_gives_the_published_words(counter: str, key: str, words: str) -> None:
    """The known answers of Philox4x32-10 that its authors publish with it."""
    numbers = [int(word, 16) for word in (*counter.split(), *key.split())]
    assert " ".join(f"{int(word):08x}" for word in rnd.philox(*numbers)) == words


def test_a_block_is_philox_of_who_and_what_for() -> None:
    """Counter: person (two words), relationship and purpose, index; key: the replicate's."""
    key, person, relationship, index = (0x1234567 << 32) | 0x89ABCDEF, (7 << 32) | 9, 5, 123_456
    expected = rnd.philox(9, 7, (5 << 16) | rnd.FIELD, index, 0x89ABCDEF, 0x1234567)
    assert rnd.block(key, person, relationship, rnd.FIELD, index) == expected


def test_no_purpose_is_used_twice() -> None:
    assert len(PURPOSES) == 20
    assert sorted(PURPOSES.values()) == list(range(1, len(PURPOSES) + 1))
    assert max(PURPOSES.values()) < 1 << 16


def test_replicates_have_keys_of_their_own() -> None:
    pairs = [(seed, replicate) for seed in range(300) for replicate in range(100)]
    pairs += [(2**62, 0), (0, 2**62), (2**62, 2**62), (2**32, 0), (0, 2**32)]
    keys = {int(rnd.stream_key(*pair)) for pair in pairs}
    assert len(keys) == len(pairs)
    assert all(0 <= key < 1 << 62 for key in keys)


def test_every_part_of_the_key_matters() -> None:
    base = (KEY, 77, 3, rnd.MARKS, 12)
    others = [(KEY + 1, 77, 3, rnd.MARKS, 12), (KEY ^ (1 << 61), 77, 3, rnd.MARKS, 12)]
    others += [(KEY, 78, 3, rnd.MARKS, 12), (KEY, 77 + (1 << 32), 3, rnd.MARKS, 12)]
    others += [(KEY, 77, 4, rnd.MARKS, 12), (KEY, 77, 3, rnd.ROUTES, 12)]
    others += [(KEY, 77, 3, rnd.MARKS, 13), (KEY, 77, 3, rnd.MARKS, 12 + (1 << 27))]
    blocks = {tuple(map(int, rnd.block(*key))) for key in (base, *others)}
    assert len(blocks) == 1 + len(others)


def words(
    people: range, relationship: int = 1, purpose: int = rnd.FIELD, index: int = 0, key: int = KEY
) -> npt.NDArray[np.uint64]:
    """Return the words of many people: [person, 4]."""
    found = [rnd.block(key, person, relationship, purpose, index) for person in people]
    return np.array(found, dtype=np.uint64)


MANY = range(40_000)


@pytest.fixture(scope="module")
def sample() -> npt.NDArray[np.uint64]:
    """Return the words of many neighbouring people."""
    return words(MANY)


def chi_square(observed: npt.NDArray[np.int64]) -> float:
    """Return how many standard deviations a chi-square lies from its mean, all cells alike."""
    n = observed.size
    expected = observed.sum() / n
    return float((((observed - expected) ** 2 / expected).sum() - (n - 1)) / math.sqrt(2 * (n - 1)))


def test_words_are_uniform(sample: npt.NDArray[np.uint64]) -> None:
    """Every word over 128 cells, and every bit, within five standard deviations."""
    for column in sample.T:
        assert abs(chi_square(np.bincount((column >> np.uint64(25)).astype(int)))) < 5
        for bit in range(32):
            ones = int(((column >> np.uint64(bit)) & np.uint64(1)).sum())
            assert abs(ones - len(column) / 2) < 5 * math.sqrt(len(column)) / 2


def test_neighbouring_words_are_independent(sample: npt.NDArray[np.uint64]) -> None:
    """Pairs over 16 x 16 cells: words of a block, people, cases, purposes, indices, replicates."""
    top = (sample >> np.uint64(28)).astype(int)
    others = {
        "relationship": words(MANY, relationship=2),
        "purpose": words(MANY, purpose=rnd.MARKS),
        "index": words(MANY, index=1),
        "replicate": words(MANY, key=int(rnd.stream_key(1, 1))),
        "seed": words(MANY, key=int(rnd.stream_key(2, 0))),
    }
    pairs = {f"words 0 and {i}": (top[:, 0], top[:, i]) for i in (1, 2, 3)}
    pairs["people"] = (top[:-1, 0], top[1:, 0])
    for name, other in others.items():
        pairs[name] = (top[:, 0], (other[:, 0] >> np.uint64(28)).astype(int))
    for name, (a, b) in pairs.items():
        assert abs(chi_square(np.bincount(16 * a + b, minlength=256))) < 5, name


def test_units_lie_inside_the_interval() -> None:
    assert rnd.unit(0) == 2.0**-33
    assert rnd.unit(2**32 - 1) == 1.0 - 2.0**-33 < 1.0
    assert rnd.unit(2**31) == 0.5 + 2.0**-33


# --- the functions ---


def test_the_logarithm_is_accurate() -> None:
    source = np.random.default_rng(1)
    values = [*np.exp(source.uniform(-700, 700, 20_000)), *(1 + source.normal(0, 1e-3, 5_000))]
    values += [*source.uniform(1e-9, 3.0, 20_000), 2.0**-33, 0.5, math.sqrt(0.5), math.sqrt(2.0)]
    for x in values:
        assert abs(rnd.log(float(x)) - math.log(x)) <= 2 * ULP * abs(math.log(x)) + 1e-300
    assert rnd.log(1.0) == 0.0


def test_the_exponential_is_accurate() -> None:
    source = np.random.default_rng(2)
    values = [*source.uniform(-690, 690, 20_000), *source.normal(0, 1, 20_000), 1e-18, -1e-18]
    for x in values:
        assert abs(rnd.exp(float(x)) - math.exp(x)) <= 2 * ULP * math.exp(x)
    assert rnd.exp(0.0) == rnd.exp(-0.0) == 1.0
    assert rnd.exp(-691.0) == 0.0
    assert rnd.exp(1000.0) == rnd.exp(690.0) < math.inf
    assert rnd.exp(math.log(0.5)) == pytest.approx(0.5, rel=2 * ULP)


def test_the_normal_quantile_is_accurate() -> None:
    """AS 241 has sixteen figures; in the middle the argument's own rounding rules."""
    from scipy.special import ndtri

    source = np.random.default_rng(3)
    values = [*source.uniform(0, 1, 20_000), *np.exp(source.uniform(-22, -1, 5_000)), 2.0**-33]
    values += [0.074, 0.076, 0.924, 0.926, 1.0 - 2.0**-33, 1e-300]
    for u in values:
        expected = float(ndtri(u))
        assert abs(rnd.normal_quantile(float(u)) - expected) <= 1e-14 * max(abs(expected), 0.01)
    assert rnd.normal_quantile(0.5) == 0.0
    for k in range(1, 200):
        assert rnd.normal_quantile(k / 1024) == -rnd.normal_quantile(1 - k / 1024)


def test_quantiles_of_random_words_have_the_right_moments(
    sample: npt.NDArray[np.uint64],
) -> None:
    normal = np.array([rnd.normal_quantile(rnd.unit(word)) for word in sample[:, 0]])
    waits = np.array([rules.exponential(word, 3.0) for word in sample[:, 1]])
    root = math.sqrt(len(sample))
    assert abs(normal.mean()) < 5 / root
    assert abs(normal.var() - 1) < 5 * math.sqrt(2) / root
    assert abs(waits.mean() - 3) < 5 * 3 / root
    assert abs(waits.var() - 9) < 5 * 9 * math.sqrt(8) / root
    assert abs(np.corrcoef(normal, waits)[0, 1]) < 5 / root


# --- the keyed fields ---


def numbers(tick: int = 1) -> npt.NDArray[np.float64]:
    """Return numbers by name that hold a tick alone."""
    p = np.zeros(P_SIZE)
    p[P.TICK] = tick
    return p


def points(
    person: int, band: int, until: int, p: npt.NDArray[np.float64]
) -> list[tuple[int, int, float, int, int]]:
    """Return a band's points from the origin: (time, ordinal, height, two words)."""
    field, heights = np.zeros((5, BANDS), np.int64), np.zeros(BANDS)
    rules.field_wake(KEY, p, person, 1, band, ORIGIN, -1, field, heights)
    found = []
    while field[rules.F_TIME, band] < until:
        time, ordinal, _, word, report_word = field[:, band].tolist()
        found.append((time, ordinal, float(heights[band]), word, report_word))
        rules.field_advance(KEY, p, person, 1, band, field, heights)
    return found


@pytest.mark.parametrize("band", range(BANDS))
def test_a_band_holds_a_poisson_field(band: int) -> None:
    """As many points a year as the band is wide, Poisson in count, uniform in height and time."""
    width, edge = rules.band_width(band), rules.band_edge(band)
    years = max(1, 24 // width)
    found = [points(person, band, ORIGIN + years * YEAR, numbers()) for person in range(400)]
    counts = np.array([len(each) for each in found])
    mean = years * width
    assert abs(counts.mean() - mean) < 5 * math.sqrt(mean / len(counts))
    assert abs(counts.var() / mean - 1) < 5 * math.sqrt(2 / len(counts) + 1 / mean / len(counts))
    every = np.array([(time, height) for each in found[:100] for time, _, height, _, _ in each])
    for share in ((every[:, 0] - ORIGIN) / (years * YEAR), (every[:, 1] - edge) / width):
        assert ((share >= 0) & (share < 1)).all()
        assert abs(share.mean() - 0.5) < 5 / math.sqrt(12 * len(share))


def test_bands_cover_every_rate_once() -> None:
    top = 0
    for band in range(BANDS):
        assert rules.band_edge(band) == top
        top += rules.band_width(band)
        assert rules.bands_needed(float(top)) == band + 1
        assert rules.bands_needed(top - 0.5) == band + 1
    assert rules.bands_needed(0.0) == 1


@pytest.mark.parametrize("tick", [1, 3600, DAY])
@pytest.mark.parametrize("band", [0, 1, 4, BANDS - 1])
def test_a_band_that_is_woken_late_holds_the_same_points(band: int, tick: int) -> None:
    """Whether a band was looked at before makes no difference to what comes next in it."""
    p = numbers(tick)
    years = max(1.0, 40 / rules.band_width(band)) if band < BANDS - 1 else 0.05
    found = points(7, band, ORIGIN + int(years * YEAR), p)
    keys = [(time, ordinal) for time, ordinal, *_ in found]
    assert keys == sorted(set(keys))
    source = np.random.default_rng(4)
    moments = [(time, ordinal) for time, ordinal in keys[:-1]]
    moments += [(time, -1) for time, _ in keys[:-1]] + [(time - 1, 1 << 40) for time, _ in keys]
    moments += [(int(t), 0) for t in source.integers(ORIGIN, keys[-1][0], 50)]
    asleep, unseen = (np.full((5, BANDS), rules.UNSEEN, np.int64) for _ in range(2))
    heights = np.zeros(BANDS)
    for t, ordinal in sorted(moments):  # time runs forward
        expected = next(point for point in found if point[:2] > (t, ordinal))
        for field in (asleep, unseen):
            rules.field_wake(KEY, p, 7, 1, band, t, ordinal, field, heights)
            time, number, _, word, report_word = field[:, band].tolist()
            assert (time, number, float(heights[band]), word, report_word) == expected
        unseen[:] = rules.UNSEEN


def test_entries_are_a_poisson_field() -> None:
    """The keyed field of entries has 4,096 points a year in each band, uniform in height."""
    for band in (0, 3):
        person, t, heights, thinning = band * 1_000_000, ORIGIN, [], []
        while True:
            t, height, u = rules.next_entry(KEY, person, t)
            if t >= ORIGIN + 2 * YEAR:
                break
            person += 1
            heights.append(height)
            thinning.append(u)
        n = len(heights)
        assert abs(n - 2 * ENTRY_BAND) < 5 * math.sqrt(2 * ENTRY_BAND)
        share = np.array(heights) / ENTRY_BAND - band
        assert ((share >= 0) & (share < 1)).all()
        assert abs(share.mean() - 0.5) < 5 / math.sqrt(12 * n)
        assert abs(np.corrcoef(share, thinning)[0, 1]) < 5 / math.sqrt(n)


# --- the golden log ---


def golden() -> dict[str, dict[str, object]]:
    """Simulate the golden scenario: option to the number of rows and their hash."""
    inputs = load(SCENARIO)
    found: dict[str, dict[str, object]] = {}
    for option in GOLDEN_OPTIONS:
        log = simulate(inputs, option=option, seed=20_161_001, replicate=3)
        found[option] = {"rows": len(log), "sha256": log.sha256}
        assert log.sha256 == hashlib.sha256(log.array.tobytes()).hexdigest()
    return found


def test_the_golden_log_is_what_it_was() -> None:
    """See the top of this file for how to write the hashes anew when a change was meant."""
    assert golden() == json.loads(GOLDEN.read_text(encoding="utf-8"))


def _write() -> None:
    if not SCENARIO.exists():
        from strategies import BUSY, EXTENSION, QUICK

        few = {"assume.county.new_perpetrators": "60 perpetrators per year"}
        inputs = load(EXTENSION, overrides={**QUICK, **BUSY, **few})
        SCENARIO.write_text(inputs.resolved_toml(), encoding="utf-8")
    GOLDEN.write_text(json.dumps(golden(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
