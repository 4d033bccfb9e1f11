"""Which coder codes which case: designs of double coding, drawn by a seed. Pure.

Everything is put in an order by sha256 of seed, purpose and name, so anyone can draw the same
lots again from a release, in any language. Coders and cases are known by name alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, cycle, islice
from typing import Any, NamedTuple

Pair = tuple[str, str]


class Slot(NamedTuple):
    """A case to be coded: its stratum, who codes it already, and who must not."""

    key: str
    stratum: str = ""
    coded_by: tuple[str, ...] = ()
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Dealt:
    """Who gets which cases, in which order; and the cases for which too few coders were free."""

    by_case: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, tuple[str, ...]]  # coder → keys, in the order of the worklist
    short: tuple[str, ...] = ()
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def loads(self) -> dict[str, int]:
        return {coder: len(keys) for coder, keys in self.orders.items()}

    @property
    def codings(self) -> int:
        return sum(self.loads.values())

    @property
    def pairs(self) -> dict[Pair, int]:
        """How many cases each two coders share, those with none as well."""
        counts = Counter(
            pair
            for key, coders in self.by_case.items()
            for pair in combinations(sorted({*coders, *self.before.get(key, ())}), 2)
        )
        everybody = sorted({*self.orders, *(c for pair in counts for c in pair)})
        return {pair: counts[pair] for pair in combinations(everybody, 2)}

    @property
    def double(self) -> int:
        """Cases that two or more coders code."""
        return sum(len({*c, *self.before.get(k, ())}) > 1 for k, c in self.by_case.items())

    @property
    def components(self) -> list[list[str]]:
        """Groups of coders who share cases; with more than one, some are never compared."""
        shared = (pair for pair, count in self.pairs.items() if count)
        return components({c for pair in self.pairs for c in pair} | set(self.orders), shared)

    @property
    def digest(self) -> str:
        """One word for the whole assignment: another one has another."""
        lines = sorted(f"{coder}\t{' '.join(keys)}" for coder, keys in self.orders.items())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drawn(seed: str, purpose: str, names: Iterable[str]) -> list[str]:
    """The names in an order drawn by lot: sha256 of seed, purpose and name, one to a line."""

    def lot(name: str) -> str:
        return hashlib.sha256(f"{seed}\n{purpose}\n{name}".encode()).hexdigest()

    return sorted(names, key=lot)


def share_of(count: int, percent: float) -> int:
    """So many of `count`, a half rounded up."""
    return min(count, int(count * percent / 100 + 0.5))


def is_drawn(seed: str, name: str, percent: float) -> bool:
    """Whether this one name is in a share: its lot, a number from 0 up to 1, lies below it.

    The lot is the first 8 hexadecimal digits of sha256 of seed and name, one to a line, over 16^8.
    Other than in `drawn`, no name depends on which others there are.
    """
    lot = int(hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()[:8], 16)
    return lot < percent / 100 * 16**8


# ------------------------------------------------------------------ the designs


def deal(
    kind: str, slots: Sequence[Slot], coders: Sequence[str], seed: str, ask: Mapping[str, Any]
) -> Dealt:
    """The assignment of a kind of design: the same for the same words, whoever asks.

    `ask` holds `percent` for overlap, core and second, and `core`, the size of the core.
    """
    percent, core_size = float(ask.get("percent", 0)), int(ask.get("core", 0))
    if kind == "overlap":
        return overlap(slots, coders, seed, percent)
    if kind == "core":
        return core(slots, coders, seed, percent, core_size)
    if kind == "second":
        return second(slots, coders, seed, percent)
    return (crossing if kind == "crossing" else blocks)(slots, coders, seed)


def crossing(slots: Sequence[Slot], coders: Sequence[str], seed: str) -> Dealt:
    """Every coder codes every case."""
    return _Dealing(slots, coders, seed).everybody([s.key for s in slots]).done()


def blocks(slots: Sequence[Slot], coders: Sequence[str], seed: str) -> Dealt:
    """Two coders a case; each two coders share as many cases as any other two, or one more.

    For any number of coders and cases. Loads differ by one at most, too: see `round_robin`.
    """
    return _Dealing(slots, coders, seed).pairs([s.key for s in slots]).done()


def overlap(slots: Sequence[Slot], coders: Sequence[str], seed: str, percent: float) -> Dealt:
    """A random share of the cases gets two coders, as in `blocks`; the others get one."""
    keys = drawn(seed, "double", [s.key for s in slots])
    double = share_of(len(keys), percent)
    return _Dealing(slots, coders, seed).pairs(keys[:double]).singles(keys[double:]).done()


def core(
    slots: Sequence[Slot], coders: Sequence[str], seed: str, percent: float, size: int
) -> Dealt:
    """`size` cases are coded by everybody, a share of each stratum by two, the rest by one.

    Core and shares are drawn; the strata's shares add up to that of all (largest remainders).
    """
    keys = drawn(seed, "core", [s.key for s in slots])
    rest = set(keys[size:])
    double = _by_strata([s for s in slots if s.key in rest], seed, percent)
    dealing = _Dealing(slots, coders, seed).everybody(keys[:size]).pairs(double)
    return dealing.singles([key for key in keys[size:] if key not in set(double)]).done()


def second(slots: Sequence[Slot], coders: Sequence[str], seed: str, percent: float) -> Dealt:
    """A random share of cases that one coder has coded gets a second one."""
    keys = drawn(seed, "second", [s.key for s in slots if s.coded_by])
    return _Dealing(slots, coders, seed).singles(keys[: share_of(len(keys), percent)]).done()


def _by_strata(slots: Sequence[Slot], seed: str, percent: float) -> list[str]:
    strata: dict[str, list[str]] = defaultdict(list)
    for slot in slots:
        strata[slot.stratum].append(slot.key)
    exact = {name: len(keys) * percent / 100 for name, keys in strata.items()}
    counts = {name: int(share) for name, share in exact.items()}
    left = share_of(len(slots), percent) - sum(counts.values())
    in_order = drawn(seed, "strata", sorted(strata))
    for name in sorted(in_order, key=lambda n: counts[n] - exact[n])[:left]:
        counts[name] += 1
    return [
        key
        for name in sorted(strata)
        for key in drawn(seed, "double", strata[name])[: counts[name]]
    ]


# ------------------------------------------------------------------ dealing


class _Dealing:
    """One assignment in the making: pairs first, then single cases to whom has least."""

    def __init__(self, slots: Sequence[Slot], coders: Sequence[str], seed: str) -> None:
        self.slots = {slot.key: slot for slot in slots}
        self.coders, self.seed = drawn(seed, "coders", coders), seed
        self.loads = Counter(dict.fromkeys(self.coders, 0))
        self.shared: Counter[Pair] = Counter()
        self.by_case: dict[str, tuple[str, ...]] = {}
        self.short: list[str] = []

    def everybody(self, keys: Iterable[str]) -> _Dealing:
        for key in keys:
            self._give(key, self._free(key), len(self.coders))
        return self

    def pairs(self, keys: Iterable[str]) -> _Dealing:
        """The pairs in turn, as often as there are cases; who is barred from one takes another."""
        order = drawn(self.seed, "pairs", keys)
        hard = [key for key in order if len(self._free(key)) < len(self.coders)]
        hard.sort(key=lambda key: len(self._free(key)))
        around: list[tuple[str, ...]] = [*round_robin(self.coders)] or [()]
        left = Counter(islice(cycle(around), len(order)))
        for key in hard:
            pair = self._pair_for(key, left)
            left[pair] -= 1
            self._give(key, pair or self._free(key), 2)
        easy = [key for key in order if len(self._free(key)) == len(self.coders)]
        names = {f"{pair} {n}": pair for pair, count in left.items() for n in range(count)}
        by_lot = drawn(self.seed, "pair", names)
        for key, name in zip(easy, by_lot, strict=False):
            self._give(key, names[name] or self._free(key), 2)
        return self

    def singles(self, keys: Iterable[str]) -> _Dealing:
        order = drawn(self.seed, "singles", keys)
        order.sort(key=lambda key: len(self._free(key)))
        for key in order:
            free = self._free(key)
            free.sort(key=lambda coder: (self.loads[coder], self._met(key, coder)))
            self._give(key, free[:1], 1)
        return self

    def done(self) -> Dealt:
        orders: dict[str, list[str]] = {coder: [] for coder in sorted(self.coders)}
        for key, coders in self.by_case.items():
            for coder in coders:
                orders[coder].append(key)
        return Dealt(
            dict(sorted(self.by_case.items())),
            {c: tuple(drawn(self.seed, f"order {c}", keys)) for c, keys in orders.items()},
            tuple(sorted(self.short)),
            {s.key: s.coded_by for s in self.slots.values() if s.coded_by},
        )

    def _free(self, key: str) -> list[str]:
        slot = self.slots[key]
        return [c for c in self.coders if c not in slot.barred and c not in slot.coded_by]

    def _met(self, key: str, coder: str) -> int:
        """How often this coder shares a case with who codes this one already."""
        return sum(self.shared[_pair(coder, other)] for other in self.slots[key].coded_by)

    def _pair_for(self, key: str, left: Counter[tuple[str, ...]]) -> tuple[str, ...]:
        """The pair that is still wanted most often; without one, the pair that shares least."""
        free = set(self._free(key))
        fits = [p for p, n in left.items() if n > 0 and p and free.issuperset(p)]
        if fits:
            return min(fits, key=lambda p: (-left[p], self.loads[p[0]] + self.loads[p[1]], p))
        others = combinations(sorted(free), 2)
        loads, shared = self.loads, self.shared
        return min(others, key=lambda p: (shared[p], loads[p[0]] + loads[p[1]], p), default=())

    def _give(self, key: str, coders: Sequence[str], wanted: int) -> None:
        given = tuple(sorted(coders))
        if len(given) < wanted:
            self.short.append(key)
        if given:
            self.by_case[key] = given
        self.loads.update(given)
        self.shared.update(combinations(sorted({*given, *self.slots[key].coded_by}), 2))


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def round_robin(coders: Sequence[str]) -> list[Pair]:
    """Every two coders once, so ordered that after any of them the loads differ by one at most.

    An even number meets in rounds, all playing in each (the circle method; Kirkman 1847). For an
    odd number the pairs fall into rings through all coders (Walecki, in Lucas 1883), and of each
    ring every other pair comes first. From one pair fewer than there are coders on, all are
    connected.
    """
    if len(coders) < 2:
        return []
    find = _rounds if len(coders) % 2 == 0 else _rings
    return [_pair(coders[one], coders[other]) for one, other in find(len(coders))]


def _rounds(count: int) -> Iterator[tuple[int, int]]:
    last = count - 1
    for turn in range(last):
        yield turn, last
        for step in range(1, count // 2):
            yield (turn + step) % last, (turn - step) % last


def _rings(count: int) -> Iterator[tuple[int, int]]:
    """Walecki's rings: a zigzag over all but the last coder, turned, closed by the last."""
    around = count - 1
    for turn in range(around // 2):
        zigzag = [((-1) ** step * ((step + 1) // 2) + turn) % around for step in range(around)]
        ring = [*zigzag, around]
        edges = [(ring[n], ring[(n + 1) % count]) for n in range(count)]
        yield from edges[0:-2:2]
        yield edges[-2]
        yield from edges[1:-2:2]
        yield edges[-1]


def components(coders: Iterable[str], shared: Iterable[Pair]) -> list[list[str]]:
    """The coders in groups that shared cases connect, the largest first."""
    group = {coder: {coder} for coder in coders}
    for one, other in shared:
        if group[one] is not group[other]:
            group[one] |= group[other]
            for coder in group[one]:
                group[coder] = group[one]
    found = {id(each): sorted(each) for each in group.values()}
    return sorted(found.values(), key=lambda each: (-len(each), each))


# ------------------------------------------------------------------ somebody leaves


def replacements(
    slots: Sequence[Slot],
    coders: Sequence[str],
    seed: str,
    loads: Mapping[str, int],
    shared: Mapping[Pair, int],
) -> Dealt:
    """One new coder for each case that somebody leaves.

    To whom has least to do, and of these to whom has shared least with who stays on the case.
    """
    dealing = _Dealing(slots, coders, seed)
    dealing.loads.update({coder: loads.get(coder, 0) for coder in dealing.coders})
    dealing.shared.update(shared)
    return dealing.singles([slot.key for slot in slots]).done()
