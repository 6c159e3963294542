/* The simple county in C, as numba_small.py has it: the limit of what peers could reach.
   law.h is written from law.py; the logarithm and the normal quantile come from the same formulas
   as the package's, so that counts are equal to the bit (with -ffp-contract=off). */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law.h"
#include "numbers.h"

enum { CANDIDATE, RENEGE, ASSESSED, SESSION, ENTRY };
enum { FREE, WAITING, SEATED, TREATED };

typedef struct { double time; i64 code; } Event;
typedef struct { Event *first; i64 n, room; } Heap;
typedef struct {
    double rate, last, completed, u_happens, u_kind, u_report, entry;
    i64 person, index;
    int state, episode, done;
} Person;

static void push(Heap *h, double time, i64 code)
{
    if (h->n == h->room) h->first = realloc(h->first, (size_t)(h->room *= 2) * sizeof(Event));
    i64 i = h->n++;
    while (i > 0) {
        i64 parent = (i - 1) >> 1;
        if (h->first[parent].time <= time) break;
        h->first[i] = h->first[parent];
        i = parent;
    }
    h->first[i] = (Event){time, code};
}

static Event pop(Heap *h)
{
    Event top = h->first[0], e = h->first[--h->n];
    for (i64 i = 0;;) {
        i64 child = 2 * i + 1;
        if (child >= h->n) { h->first[i] = e; break; }
        if (child + 1 < h->n && h->first[child + 1].time < h->first[child].time) child++;
        if (h->first[child].time >= e.time) { h->first[i] = e; break; }
        h->first[i] = h->first[child];
        i = child;
    }
    return top;
}

static inline double gap_of(i64 key, i64 person) { return -ln(unit(block(key, person, 0, L_ENTRY, 0).a)); }

static inline void person_draws(i64 key, i64 person, double *rate, double *stay)
{
    Block b = block(key, person, 0, L_PERSON, 0);
    double z = quantile(unit(b.a));
    *rate = RATE * z * z;
    *stay = -ln(unit(b.b)) * STAY;
}

static inline int incident(i64 key, i64 person, i64 index, double now, double u_kind, double u_report, i64 *counts)
{
    static const double reported[] = {REPORTED0, REPORTED1, REPORTED2};
    counts[INCIDENTS]++;
    counts[YEARLY + (i64)now]++;
    if (u_report >= reported[u_kind < KINDS0 ? 0 : u_kind < KINDS1 ? 1 : 2]) return 0;
    counts[REPORTS]++;
    Block b = block(key, person, 0, L_REPORT, index);
    int heard = unit(b.a) < TO_MARAC;
    counts[HEARINGS] += heard;
    return unit(b.b) < (heard ? REFERRED_BY_MARAC : REFERRED);
}

/* Live until the end; returns 0 at the first referral. */
static int alone(i64 key, i64 person, double entry, i64 *mine)
{
    double rate, stay, now = entry;
    memset(mine, 0, SIZE * sizeof(i64));
    mine[ENTRIES] = 1;
    person_draws(key, person, &rate, &stay);
    double last = entry + stay < HORIZON ? entry + stay : HORIZON;
    for (i64 index = 0;; index++) {
        Block b = block(key, person, 0, L_CANDIDATE, index);
        now += -ln(unit(b.a)) / rate;
        if (now >= last) return 1;
        mine[CANDIDATES]++;
        if (incident(key, person, index, now, unit(b.c), unit(b.d), mine)) return 0;
    }
}

static void together(i64 key, Person *people, i64 n, i64 places, i64 *counts)
{
    Heap heap = {malloc(4096 * sizeof(Event)), 0, 4096};
    i64 room = 4096, head = 0, tail = 0, free_places = places, *queue = malloc(4096 * sizeof(i64));
    if (n > 0) push(&heap, people[0].entry, ENTRY);
    while (heap.n > 0 && heap.first[0].time < HORIZON) {
        Event e = pop(&heap);
        double now = e.time;
        i64 s = e.code >> 16;
        Person *me = &people[s];
        int freed = 0, drawn = 0;
        switch (e.code & 7) {
        case CANDIDATE: {
            counts[CANDIDATES]++;
            i64 index = me->index++;
            drawn = 1;
            double chance = me->state == TREATED ? DURING
                : me->completed >= 0.0 ? 1.0 - AFTER * exp(me->completed - now) : 1.0;
            if (me->u_happens < chance && incident(key, me->person, index, now, me->u_kind, me->u_report, counts)
                && me->state == FREE) {
                counts[REFERRALS]++;
                Block b = block(key, me->person, 0, L_EPISODE, ++me->episode);
                if (free_places > 0) {
                    free_places--;
                    counts[SEATS]++;
                    me->state = SEATED;
                    push(&heap, now + -ln(unit(b.b)) * ASSESSMENT, s << 16 | ASSESSED);
                } else {
                    me->state = WAITING;
                    if (tail == room) queue = realloc(queue, (size_t)(room *= 2) * sizeof(i64));
                    queue[tail] = s << 16 | (i64)me->episode << 3;
                    push(&heap, now + -ln(unit(b.a)) * PATIENCE, queue[tail++] | RENEGE);
                }
            }
            break;
        }
        case ENTRY: {
            double stay;
            counts[ENTRIES]++;
            person_draws(key, me->person, &me->rate, &stay);
            me->last = now + stay < HORIZON ? now + stay : HORIZON;
            drawn = 1;
            if (s + 1 < n) push(&heap, people[s + 1].entry, (s + 1) << 16 | ENTRY);
            break;
        }
        case RENEGE:
            if (me->state == WAITING && me->episode == (e.code & 0xFFFF) >> 3) {
                me->state = FREE;
                counts[RENEGES]++;
            }
            break;
        case ASSESSED:
            counts[ASSESSMENTS]++;
            me->state = TREATED;
            me->done = 0;
            push(&heap, now + WEEK, s << 16 | SESSION);
            break;
        default:
            if (unit(block(key, me->person, me->episode, L_SESSION, me->done).a) < DROPS_OUT) {
                counts[DROP_OUTS]++;
                freed = 1;
                break;
            }
            counts[SESSIONS_HELD]++;
            if (++me->done == SESSIONS) {
                counts[COMPLETIONS]++;
                me->completed = now;
                freed = 1;
            } else push(&heap, now + WEEK, s << 16 | SESSION);
        }
        if (drawn) {
            Block b = block(key, me->person, 0, L_CANDIDATE, me->index);
            double when = now + -ln(unit(b.a)) / me->rate;
            if (when < me->last) {
                me->u_happens = unit(b.b), me->u_kind = unit(b.c), me->u_report = unit(b.d);
                push(&heap, when, s << 16 | CANDIDATE);
            }
        }
        if (freed) {
            me->state = FREE;
            free_places++;
            while (free_places > 0 && head < tail) {
                i64 other = queue[head] >> 16, number = (queue[head] & 0xFFFF) >> 3;
                head++;
                Person *next = &people[other];
                if (next->state != WAITING || next->episode != number) continue;
                next->state = SEATED;
                free_places--;
                counts[SEATS]++;
                Block b = block(key, next->person, 0, L_EPISODE, number);
                push(&heap, now + -ln(unit(b.b)) * ASSESSMENT, other << 16 | ASSESSED);
            }
        }
    }
    free(heap.first);
    free(queue);
}

/* Simulate a county; with `all_together` everybody is on one heap. */
void run(i64 key, i64 start, double arrivals, i64 places, int all_together, i64 *counts)
{
    i64 n = 0, room = 1024, mine[SIZE];
    Person *people = malloc((size_t)room * sizeof(Person));
    double t = 0.0;
    for (i64 person = 0;; person++) {
        if (person >= start) t += gap_of(key, person) / arrivals;
        if (t >= HORIZON) break;
        if (!all_together && alone(key, person, t, mine)) {
            for (int i = 0; i < SIZE; i++) counts[i] += mine[i];
            continue;
        }
        if (n == room) people = realloc(people, (size_t)(room *= 2) * sizeof(Person));
        people[n++] = (Person){.person = person, .entry = t, .completed = -1.0, .episode = -1};
    }
    together(key, people, n, places, counts);
    free(people);
}
