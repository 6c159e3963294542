"""Who could ever be referred, told from the keyed chances alone, without living anybody's life.

Every referral follows from an incident, and the chances of what follows from each candidate for an
incident are fixed before anything happens. So most lives need not be lived to know that they never
meet the programme. Whoever passes may still not be referred; whoever would be, passes.

People are looked at in crowds, since random words are drawn soonest for many at one stroke: first
their relationships, then the points of the field of those cases that lie in the time looked at,
then what follows from the points below the highest rate. At each step those who are left close up.
"""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.engines.crowds import MARGIN, PEOPLE
from dapp_model.engines.lanes import draw, normals_here, waits_here, words_at
from dapp_model.engines.walks import search_cases
from dapp_model.randomness import unit
from dapp_model.world import ENTRY_BAND, MOST_RELATIONSHIPS, ORIGIN, PEOPLE_PER_BAND, D, P

STROKE = 512  # points of the field of entries that are drawn together


@compiled_with_memory
def marked(key, p, days, warm_up, window, room):
    """Return of whom the window could see what is looked for, and perhaps some others.

    int64 [n, 2], identifiers and entry times.
    """
    found = np.zeros((1024, 2), np.int64)
    n = 0
    crowd = room.crowd
    top = days[D.ENTRY].max()
    band = 0
    while band * ENTRY_BAND < top:
        person = band * PEOPLE_PER_BAND - 1
        t = ORIGIN
        more = True
        while more:
            person, t, here, more = gather(key, p, days, person, t, warm_up, window.until, room)
            mark_crowd(key, p, days, window, room, here)
            if n + here > len(found):
                bigger = np.zeros((2 * (n + here), 2), np.int64)
                bigger[:n] = found[:n]
                found = bigger
            for i in range(here):
                if crowd.may[i] == 1:
                    found[n, 0] = crowd.person[i]
                    found[n, 1] = crowd.entry[i]
                    n += 1
        band += 1
    return found[:n]


@compiled
def gather(key, p, days, person, t, warm_up, until, room):
    """Gather the next people of a band, as many strokes of them as there is room for.

    `person` and `t` are those of the last point looked at. Returns (these; number of people; True
    if the band has more).
    """
    crowd, lanes, words = room.crowd, room.lanes, room.words[0]
    band = (person + 1) // PEOPLE_PER_BAND
    n = 0
    while n + STROKE <= PEOPLE:
        for i in range(STROKE):
            lanes.person[i] = person + 1 + i
            lanes.rel[i] = 0
            lanes.ordinal[i] = 0
        draw(key, rnd.ENTRY, lanes, words, STROKE)
        waits_here(words.first, rules.ENTRY_GAP, room.numbers[0], STROKE)
        for i in range(STROKE):
            person += 1
            t += np.int64(room.numbers[0][i] + 0.5)
            when = rules.on_tick(p, t)
            if when >= until:
                return person, t, n, False
            height = (band + unit(words.second[i])) * ENTRY_BAND
            if when >= warm_up and rules.enters(p, days, when, height, unit(words.third[i])):
                crowd.person[n] = person
                crowd.entry[n] = when
                n += 1
    return person, t, n, True


@compiled
def mark_crowd(key, p, days, window, room, n):
    """Say in `may` of each of n people whether the window could see of them what is looked for."""
    for i in range(n):
        room.crowd.may[i] = 0
    found = find_cases(key, p, window, room, n)
    look_at_cases(key, p, days, room, found)
    search_cases(key, p, days, window, room, found)


@compiled
def find_cases(key, p, window, room, n):
    """Put into `cases` those of n people that lie in the time looked at; return how many."""
    crowd = room.crowd
    cases = room.cases
    lanes = room.lanes
    words, times, _, _ = room.words
    stays, others, _ = room.numbers
    for i in range(n):
        lanes.person[i] = crowd.person[i]
        lanes.rel[i] = 0
        lanes.ordinal[i] = 0
    draw(key, rnd.PERSON_EXIT, lanes, words, n)
    rate = p[P.MOVES] + p[P.DIES]
    waits_here(words.first, 1.0 / rate if rate > 0.0 else 0.0, stays, n)
    waits_here(words.third, p[P.CAREER], others, n)
    for i in range(n):
        leaves = window.until
        if rate > 0.0:
            leaves = min(leaves, rules.after(p, crowd.entry[i], min(stays[i], 3.0e9)))
        crowd.leaves[i] = leaves
        crowd.career[i] = rules.after(p, crowd.entry[i], min(others[i], 3.0e9))
        crowd.still[i] = i
        crowd.begins[i] = crowd.entry[i]
    found = 0
    rel = 0
    while n > 0 and rel < MOST_RELATIONSHIPS:
        rel += 1
        for i in range(n):
            lanes.person[i] = crowd.person[crowd.still[i]]
            lanes.rel[i] = rel
        draw(key, rnd.CASE, lanes, words, n)
        draw(key, rnd.CASE_TIMES, lanes, times, n)
        waits_here(times.first, 1.0, stays, n)
        waits_here(times.third, 1.0 / p[P.NEXT] if p[P.NEXT] > 0.0 else 0.0, others, n)
        left = 0
        for i in range(n):
            who = crowd.still[i]
            begins = crowd.begins[i]
            leaves = crowd.leaves[who]
            short = unit(words.third[i]) < p[P.SHORT_SHARE]
            mean = p[P.SHORT] if short else p[P.LONG]
            end = rules.after(p, begins, min(stays[i] * mean, 3.0e9))
            first = max(begins, window.since - window.late)
            last = min(end, leaves)
            if first <= last:
                kind, high, _ = rules.case_by(p, words_at(words, i))
                cases.who[found] = who
                cases.rel[found] = rel
                cases.begins[found] = begins
                cases.first[found] = first
                cases.last[found] = last
                cases.area[found] = np.int64(unit(times.fourth[i]) * p[P.MARAC_AREAS])
                cases.high[found] = high
                cases.word[found] = words.first[i]
                found += 1 if kind != ev.FAMILY else 0
            following = rules.INFINITE
            if p[P.NEXT] > 0.0:
                following = rules.after(p, begins, min(others[i], 3.0e9))
            crowd.still[left] = who
            crowd.begins[left] = following
            left += 1 if following <= crowd.career[who] and following < leaves else 0
        n = left
    return found


@compiled
def look_at_cases(key, p, days, room, n):
    """Work out the rates that n cases never exceed, and what they follow from."""
    crowd, cases, lanes, words = room.crowd, room.cases, room.lanes, room.words[0]
    for i in range(n):
        lanes.person[i] = crowd.person[cases.who[i]]
        lanes.rel[i] = 0
        lanes.ordinal[i] = 0
    draw(key, rnd.PERSON, lanes, words, n)
    normals_here(words.fourth, cases.z, n)
    normals_here(cases.word, cases.score, n)
    for i in range(n):
        entry = crowd.entry[cases.who[i]]
        linx = rules.is_reached_by_linx(p, days, entry, words_at(words, i))
        frailty, score = rules.frailty_at(p, cases.z[i], linx, cases.score[i])
        cases.score[i] = score
        cases.base[i] = frailty * p[P.UP] * MARGIN
        cases.highest[i] = frailty * (1.0 + max(0.0, p[P.RAISE])) * p[P.UP] * MARGIN
