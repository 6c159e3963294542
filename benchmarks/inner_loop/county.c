/* A county without its programme, in C: the limit against which the compiled engine is measured.

   The same loop as dapp_model/engines/fast.py `county` (counting, no log): every perpetrator lives
   from candidate to candidate of the keyed field, with bands, cases, reports, records, MARAC,
   services, justice and children, until the horizon or the first referral; the rows of a life are
   put in order and counted. Same Philox blocks, same order of operations, so whole numbers are
   equal to the bit (with -ffp-contract=off); `inner_loop/limit.py` refuses to compare otherwise.
   names.h is written from the package's own enumerations: no number of the model is copied here,
   but for the coefficients of log, exp and the normal quantile.
   What C does that the engine does not: state in structs, counts of candidates and blocks. */

#include <stdlib.h>

#include "names.h"
#include "numbers.h"

#define NEVER (-((i64)1 << 60))
#define INFINITE ((i64)1 << 60)
#define YEAR_DAY_SECONDS ((i64)365 * DAY)
#define LONG_AGO (-((i64)1 << 40))

typedef struct { i64 time, person, ordinal; int32_t value, detail, kind, relationship; } Row;
typedef struct { i64 time, kind, rel, ordinal, a; } Pending;

typedef struct {
    i64 end, cause, kind, high, children, area, active, last, awake, grade, heard, hearing;
    i64 idva, idva_end, out, out_end, dvpo, child_last, plan_end;
    double frailty, score;
    i64 time[BANDS], ordinal[BANDS], raw[BANDS];
    u32 behaviour[BANDS], report[BANDS];
    double height[BANDS];
} Case;

typedef struct {
    i64 person, linx, cause, career, relationships, gone, custody, bbr, referred, pending;
    double z;
    Pending due[PENDING];
    Case cases[MOST_RELATIONSHIPS];
} Life;

typedef struct {
    i64 key;
    const double *p;
    const double *days;
    i64 n_days, warm_up, horizon, record_start;
    const i64 *year_of_day;
    i64 n_years;
    i64 *counts;
    Row *rows;
    i64 n, room, overflow;
    i64 candidates, points;
} World;

#define DAYS(w, table, t) ((w)->days[(table) * (w)->n_days + ((t) - ORIGIN) / DAY])

/* --- time --- */

static inline i64 floor_div(i64 a, i64 b) { i64 q = a / b; return q - (a % b != 0 && (a < 0) != (b < 0)); }
static inline i64 larger(i64 a, i64 b) { return a > b ? a : b; }
static inline double least(double a, double b) { return a < b ? a : b; }

static inline i64 on_tick(const World *w, i64 t)
{
    i64 tick = (i64)w->p[P_TICK];
    return tick == 1 ? t : -floor_div(-t, tick) * tick;
}

static inline i64 after(const World *w, i64 t, double seconds)
{
    return on_tick(w, t + larger(1, (i64)(seconds + 0.5)));
}

/* --- rows, calendar --- */

static inline void emit(World *w, i64 t, int kind, i64 person, i64 rel, i64 ordinal, i64 value, i64 detail)
{
    Row *row = &w->rows[w->n++];
    row->time = t; row->person = person; row->ordinal = ordinal;
    row->value = (int32_t)value; row->detail = (int32_t)detail;
    row->kind = kind; row->relationship = (int32_t)rel;
}

static inline void expect(World *w, Life *me, i64 t, i64 kind, i64 rel, i64 ordinal, i64 a)
{
    if (me->pending >= PENDING) { w->overflow = 1; return; }
    me->due[me->pending++] = (Pending){t, kind, rel, ordinal, a};
}

/* --- the keyed field --- */

static inline i64 band_edge(i64 band) { return band == 0 ? 0 : (i64)1 << (band - 1); }
static inline i64 band_width(i64 band) { return band == 0 ? 1 : (i64)1 << (band - 1); }
static inline i64 cell_seconds(i64 band)
{
    return band == 0 ? (i64)CELL_YEARS * YEAR : ((i64)CELL_YEARS * YEAR) >> (band - 1);
}

static inline i64 bands_needed(double bound)
{
    i64 n = 0;
    while (n < BANDS && (double)band_edge(n) < bound) n++;
    return larger(1, n);
}

static inline void field_step(World *w, i64 person, i64 rel, i64 band, i64 cell, i64 index, i64 raw, Case *c)
{
    i64 width = band_width(band), size = cell_seconds(band), ordinal;
    double gap = (double)YEAR / (double)width;
    Block b;
    for (;;) {
        ordinal = band << 27 | cell << 10 | index;
        b = block(w->key, person, rel, FIELD, ordinal);
        w->points++;
        raw += (i64)(exponential(b.a, gap) + 0.5);
        if (raw < ORIGIN + (cell + 1) * size) break;
        cell++;
        index = 0;
        raw = ORIGIN + cell * size;
    }
    c->time[band] = on_tick(w, raw);
    c->ordinal[band] = ordinal;
    c->raw[band] = raw;
    c->behaviour[band] = b.c;
    c->report[band] = b.d;
    c->height[band] = (double)band_edge(band) + (double)width * unit(b.b);
}

static inline void field_advance(World *w, i64 person, i64 rel, i64 band, Case *c)
{
    i64 ordinal = c->ordinal[band];
    field_step(w, person, rel, band, ordinal >> 10 & 0x1FFFF, (ordinal & 1023) + 1, c->raw[band], c);
}

static void field_wake(World *w, i64 person, i64 rel, i64 band, i64 t, i64 ordinal, Case *c)
{
    i64 size = cell_seconds(band);
    if (c->ordinal[band] == -1 || c->time[band] < t - size) {
        i64 cell = larger(0, floor_div(t - (i64)w->p[P_TICK] - ORIGIN, size));
        field_step(w, person, rel, band, cell, 0, ORIGIN + cell * size, c);
    }
    while (c->time[band] < t || (c->time[band] == t && c->ordinal[band] <= ordinal))
        field_advance(w, person, rel, band, c);
}

/* --- rates --- */

static inline double raised(const World *w, i64 t, i64 last)
{
    if (last == NEVER || w->p[P_RAISE] == 0.0) return 1.0;
    return 1.0 + w->p[P_RAISE] * ex(-(double)(t - last) / w->p[P_RAISE_TIME]);
}

static inline double rate_bound(const World *w, i64 t, double frailty, i64 last)
{
    return frailty * w->p[P_SEASON_MAX] * raised(w, t, last) * w->p[P_UP] * 1.000001;
}

static inline double fading(i64 t, i64 end, double half_life)
{
    return t <= end ? 1.0 : ex(-LN2 * (double)(t - end) / half_life);
}

static inline double window(i64 t, i64 start, i64 end, double half_life)
{
    return start == NEVER || t < start ? 0.0 : fading(t, end, half_life);
}

static inline double log_services(const World *w, i64 t, int control, const Life *me, const Case *c)
{
    const double *p = w->p;
    double total = 0.0;
    if (me->bbr != NEVER)
        total += p[P_BBR_LOG] * (control ? p[P_CONTROL] : 1.0) * fading(t, me->bbr, p[P_HALF_LIFE]);
    if (c->heard != NEVER) total += p[P_MARAC_LOG] * fading(t, c->heard, p[P_MARAC_HALF]);
    if (c->idva != NEVER) total += p[P_IDVA_LOG] * window(t, c->idva, c->idva_end, p[P_SUPPORT_HALF]);
    if (c->out != NEVER) total += p[P_OUTREACH_LOG] * window(t, c->out, c->out_end, p[P_SUPPORT_HALF]);
    if (c->dvpo != NEVER)
        total += p[P_DVPO_LOG] * window(t, c->dvpo, c->dvpo + (i64)p[P_DVPO_LENGTH], p[P_DVPO_HALF]);
    return total;
}

static inline double multiplier(const World *w, double log_ratio)
{
    if (log_ratio == 0.0) return 1.0;
    return ex(log_ratio > w->p[P_FLOOR_LOG] ? log_ratio : w->p[P_FLOOR_LOG]);
}

static inline int behaviour_of(const World *w, u32 word, i64 high)
{
    double u = unit(word);
    const double *mix = w->p + P_MIX + 10 * high;
    if (u >= mix[8]) return NONE;
    int b = 0;
    while (u >= mix[b]) b++;
    return b;
}

static inline int is_reported(const World *w, i64 t, int behaviour, u32 word, double ratio)
{
    if (behaviour == HOMICIDE) return 1;
    return unit(word) < least(w->p[P_REPORT + behaviour] * DAYS(w, D_REPORT, t) * ratio, 0.99);
}

/* --- one life --- */

static inline int in_custody(const Life *me, i64 t) { return t < me->custody; }

static void wake(World *w, Life *me, i64 r, i64 t, i64 ordinal, double bound)
{
    Case *c = &me->cases[r];
    i64 needed = bands_needed(bound);
    for (i64 band = c->awake; band < needed; band++) field_wake(w, me->person, r + 1, band, t, ordinal, c);
    c->awake = larger(c->awake, needed);
}

static i64 children(const World *w, i64 person, i64 rel)
{
    Block b = block(w->key, person, rel, CASE_FAMILY, 0);
    if (unit(b.a) >= w->p[P_CHILDREN]) return 0;
    if (unit(b.b) >= w->p[P_SECOND]) return 1;
    return unit(b.c) < w->p[P_THIRD] ? 3 : 2;
}

static void begin_case(World *w, Life *me, i64 r, i64 t)
{
    const double *p = w->p;
    Case *c = &me->cases[r];
    i64 person = me->person;
    Block b = block(w->key, person, r + 1, CASE, 0);
    double rho = p[P_FRAILTY_RHO];
    c->score = sqrt(rho) * me->z + sqrt(1.0 - rho) * quantile(unit(b.a));
    c->frailty = least(ex(p[P_FRAILTY_MU] + p[P_FRAILTY_SIGMA] * c->score), p[P_FRAILTY_CAP]);
    if (me->linx) c->frailty *= p[P_LINX_RATIO];
    double u = unit(b.d);
    c->kind = u < p[P_FAMILY] ? FAMILY : u < p[P_FAMILY] + p[P_EX] ? EX_PARTNER : PARTNER;
    c->high = unit(b.b) < p[P_HIGH_HARM];
    int brief = unit(b.c) < p[P_SHORT_SHARE];
    Block times = block(w->key, person, r + 1, CASE_TIMES, 0);
    c->end = after(w, t, least(exponential(times.a, brief ? p[P_SHORT] : p[P_LONG]), 3.0e9));
    c->cause = unit(times.b) < p[P_SEPARATION] ? SEPARATED : DESISTED;
    i64 following = INFINITE;
    if (p[P_NEXT] > 0.0) following = after(w, t, least(exponential(times.c, 1.0 / p[P_NEXT]), 3.0e9));
    c->area = (i64)(unit(times.d) * p[P_MARAC_AREAS]);
    c->children = children(w, person, r + 1);
    c->last = c->heard = c->idva = c->out = c->dvpo = c->child_last = NEVER;
    c->idva_end = c->out_end = c->plan_end = NEVER;
    c->active = 1;
    c->awake = c->grade = c->hearing = 0;
    for (int band = 0; band < BANDS; band++) c->ordinal[band] = -1;
    me->relationships = r + 1;
    emit(w, t, RELATIONSHIP_START, person, r + 1, 0, c->kind, c->children + 4 * c->high + 8 * brief);
    wake(w, me, r, t, INFINITE, rate_bound(w, t, c->frailty, NEVER));
    expect(w, me, c->end, RELATIONSHIP_END, r + 1, 0, 0);
    if (following <= me->career && r + 1 < MOST_RELATIONSHIPS)
        expect(w, me, following, RELATIONSHIP_START, r + 2, 0, 0);
}

static void begin(World *w, Life *me, i64 person, i64 t)
{
    const double *p = w->p;
    Block b = block(w->key, person, 0, PERSON, 0), n = block(w->key, person, 0, PERSON_NEEDS, 0);
    double u = unit(b.b);
    int male = unit(b.a) < p[P_MALE];
    int age = u < p[P_AGE1] ? 0 : u < p[P_AGE2] ? 1 : u < p[P_AGE3] ? 2 : 3;
    int needs = (unit(n.a) < p[P_NEED1]) + 2 * (unit(n.b) < p[P_NEED2])
                + 4 * (unit(n.c) < p[P_NEED3]) + 8 * (unit(n.d) < p[P_NEED4]);
    me->linx = age == 0 && unit(b.c) < p[P_LINX_COVERAGE] && DAYS(w, D_LINX, t) > 0.0;
    me->z = quantile(unit(b.d));
    Block e = block(w->key, person, 0, PERSON_EXIT, 0);
    double rate = p[P_MOVES] + p[P_DIES];
    i64 leaves = INFINITE;
    me->cause = MOVED;
    if (rate > 0.0) {
        leaves = after(w, t, least(exponential(e.a, 1.0 / rate), 3.0e9));
        me->cause = unit(e.b) * rate < p[P_DIES] ? DIED : MOVED;
    }
    me->career = after(w, t, least(exponential(e.c, p[P_CAREER]), 3.0e9));
    me->person = person;
    me->relationships = me->gone = me->custody = me->referred = me->pending = 0;
    me->bbr = NEVER;
    emit(w, t, ENTRY, person, 0, 0, male + 2 * age + 8 * needs, me->linx);
    if (leaves != INFINITE) expect(w, me, leaves, EXIT, 0, 0, 0);
    begin_case(w, me, 0, t);
}

static void end_case(World *w, Life *me, i64 r, i64 t, i64 cause)
{
    Case *c = &me->cases[r];
    if (c->active) {
        c->active = 0;
        emit(w, t, RELATIONSHIP_END, me->person, r + 1, 0, cause, 0);
    }
}

static void leave(World *w, Life *me, i64 t, i64 cause)
{
    me->gone = 1;
    for (i64 r = 0; r < me->relationships; r++) end_case(w, me, r, t, cause);
    emit(w, t, EXIT, me->person, 0, 0, cause, 0);
}

static inline void refer(Life *me, i64 r, i64 t)
{
    if (me->referred || me->gone || in_custody(me, t)) return;
    if (me->cases[r].kind != FAMILY) me->referred = 1;
}

static void refer_to_marac(World *w, Life *me, i64 r, i64 t, i64 ordinal, i64 source)
{
    Case *c = &me->cases[r];
    if (c->hearing) return;
    int ever = c->heard != NEVER, recent = ever && t - c->heard <= YEAR_DAY_SECONDS;
    emit(w, t, MARAC_REFERRAL, me->person, r + 1, ordinal, source, recent + 2 * ever);
    c->hearing = 1;
    i64 cycle = (i64)w->p[P_MARAC_CYCLE];
    i64 offset = ORIGIN + floor_div(c->area * cycle, (i64)w->p[P_MARAC_AREAS]);
    i64 earliest = t + larger(1, (i64)w->p[P_MARAC_NOTICE]);
    i64 when = on_tick(w, offset - floor_div(offset - earliest, cycle) * cycle);
    expect(w, me, when, MARAC_HEARING, r + 1, ordinal, 0);
}

static void refer_children(World *w, Life *me, i64 r, i64 t, i64 ordinal, int other)
{
    Case *c = &me->cases[r];
    int again = c->child_last != NEVER && t - c->child_last <= YEAR_DAY_SECONDS;
    c->child_last = t;
    emit(w, t, CHILD_REFERRAL, me->person, r + 1, ordinal, c->children, again + 2 * other);
    expect(w, me, after(w, t, w->p[P_CHILD_DELAY]), CHILD_IN_NEED, r + 1, ordinal, 0);
    Block b = block(w->key, me->person, r + 1, ROUTES, ordinal);
    if (unit(b.c) < DAYS(w, D_REF_CHILDREN, t)) refer(me, r, t);
}

static int refers_self(const World *w, const Life *me, i64 t, double u)
{
    double chance = DAYS(w, D_REF_SELF, t), m = w->p[P_SELF_MOTIVATION], rho = w->p[P_MOTIVATION_RHO];
    if (u >= chance * 30.0) return 0;
    Block b = block(w->key, me->person, 0, PERSON_EXIT, 0);
    double motivation = rho * me->z + sqrt(1.0 - rho * rho) * quantile(unit(b.d));
    return u < chance * least(ex(m * motivation - 0.5 * m * m), 30.0);
}

static void incident(World *w, Life *me, i64 r, i64 t, i64 ordinal, int behaviour, u32 word, int without)
{
    const double *p = w->p;
    Case *c = &me->cases[r];
    i64 person = me->person, rel = r + 1;
    Block b = block(w->key, person, rel, MARKS, ordinal);
    int seen = unit(b.a) < p[P_CHILD_PRESENT] && c->children > 0;
    emit(w, t, INCIDENT, person, rel, ordinal, behaviour, seen + 2 * c->high);
    c->last = t;
    wake(w, me, r, t, ordinal, rate_bound(w, t, c->frailty, t));
    double total = 0.0;
    if (c->idva != NEVER) total += p[P_IDVA_REPORT_LOG] * window(t, c->idva, c->idva_end, p[P_REPORT_HALF]);
    if (is_reported(w, t, behaviour, word, total == 0.0 ? 1.0 : ex(total))) {
        Block o = block(w->key, person, rel, OBSERVATION, ordinal);
        i64 when = after(w, t, exponential(o.b, p[P_LAG]));
        if (behaviour != HOMICIDE && unit(o.c) >= DAYS(w, D_RECORD, t)) when = INFINITE;
        emit(w, t, REPORT, person, rel, ordinal, unit(o.a) < p[P_ATTENDED], 0);
        if (when < INFINITE) expect(w, me, when, RECORD, rel, ordinal, behaviour + (without ? 16 : 0));
    }
    if (unit(b.b) < p[P_MARAC_C]) refer_to_marac(w, me, r, t, ordinal, 2);
    if (behaviour == HOMICIDE && p[P_HOMICIDE_ON] > 0.0) { leave(w, me, t, KILLED); return; }
    if (refers_self(w, me, t, unit(b.c))) refer(me, r, t);
    if ((behaviour == INJURY || behaviour == RAPE) && unit(b.d) < DAYS(w, D_REF_HEALTH, t)) refer(me, r, t);
}

static inline void candidate(World *w, Life *me, i64 r, i64 t, i64 band)
{
    Case *c = &me->cases[r];
    i64 ordinal = c->ordinal[band];
    double height = c->height[band];
    u32 word = c->behaviour[band], report_word = c->report[band];
    w->candidates++;
    field_advance(w, me->person, r + 1, band, c);
    double level = c->frailty * raised(w, t, c->last);
    double rate = level * DAYS(w, D_SEASON, t), bound = level * w->p[P_SEASON_MAX] * w->p[P_UP] * 1.000001;
    if (height >= bound) {
        while (c->awake > 1 && (double)band_edge(c->awake - 1) >= bound) c->awake--;
        return;
    }
    if (in_custody(me, t)) return;
    int behaviour = behaviour_of(w, word, c->high);
    /* Nobody here has met the programme, so what happens is what happens without it. */
    if (height < rate * multiplier(w, log_services(w, t, behaviour == CONTROL, me, c)))
        incident(w, me, r, t, ordinal, behaviour, report_word, 1);
}

static void record(World *w, Life *me, i64 r, i64 t, i64 ordinal, i64 a)
{
    const double *p = w->p;
    Case *c = &me->cases[r];
    i64 person = me->person, rel = r + 1;
    int behaviour = a & 15, offence = behaviour;
    Block o = block(w->key, person, rel, OBSERVATION, ordinal);
    if (behaviour != HOMICIDE && behaviour != NONE
        && unit(o.d) >= DAYS(w, behaviour == CONTROL ? D_CRIME_CONTROL : D_CRIME, t)) offence = NONE;
    Block b = block(w->key, person, rel, RESPONSE, ordinal);
    double weight = p[P_DASH_WEIGHT];
    double z = (quantile(unit(b.a)) + weight * c->score) / sqrt(1.0 + weight * weight);
    int grade = z > p[P_DASH_HIGH_Z] ? 2 : z > p[P_DASH_MEDIUM_Z] ? 1 : 0;
    emit(w, t, RECORD, person, rel, ordinal, offence, grade);
    c->grade = grade;
    if (me->gone) return;
    Block f = block(w->key, person, rel, FOLLOWING, ordinal);
    int free_now = !in_custody(me, t);
    if (unit(b.b) < DAYS(w, D_ARREST, t) && offence != NONE && free_now) {
        emit(w, t, ARREST, person, rel, ordinal, offence, 0);
        if (unit(f.b) < p[P_CHARGE]) {
            Block j = block(w->key, person, rel, JUSTICE, ordinal);
            double delay = least(exponential(j.a, p[P_CHARGE_DELAY]), LONGEST_DELAY * p[P_CHARGE_DELAY]);
            expect(w, me, after(w, t, delay), CHARGE, rel, ordinal, offence);
        }
    }
    if (unit(b.c) < DAYS(w, D_DVPN, t) && free_now) {
        emit(w, t, DVPN, person, rel, ordinal, 0, 0);
        if (unit(f.a) < p[P_DVPO_GIVEN]) expect(w, me, after(w, t, DVPO_SECONDS), DVPO, rel, ordinal, 0);
    }
    if (unit(b.d) < DAYS(w, D_OUTREACH, t) && t >= c->out_end) {
        c->out = t;
        c->out_end = after(w, t, p[P_OUTREACH_LENGTH]);
        emit(w, t, OUTREACH_START, person, rel, ordinal, (i64)p[P_OUTREACH_LENGTH] / 86400, 0);
    }
    double high = grade == 2 ? p[P_MARAC_A] : 0.0;
    double further = c->heard != NEVER && t - c->heard <= YEAR_DAY_SECONDS ? p[P_MARAC_B] : 0.0;
    if (unit(f.c) < (high > further ? high : further))
        refer_to_marac(w, me, r, t, ordinal, further > 0.0 && (grade < 2 || further >= high));
    Block u = block(w->key, person, rel, ROUTES, ordinal);
    if (c->children > 0 && unit(f.d) < p[P_CHILD_REF] && (a >= 16 || unit(u.d) < p[P_PASS_THROUGH]))
        refer_children(w, me, r, t, ordinal, 0);
    if (unit(u.a) < DAYS(w, D_REF_POLICE, t)) refer(me, r, t);
}

static void hear(World *w, Life *me, i64 r, i64 t, i64 ordinal)
{
    Case *c = &me->cases[r];
    c->hearing = 0;
    c->heard = t;
    emit(w, t, MARAC_HEARING, me->person, r + 1, ordinal, 0, 0);
    Block b = block(w->key, me->person, r + 1, HEARING, ordinal);
    if (unit(b.a) < DAYS(w, D_IDVA, t) && t >= c->idva_end) {
        c->idva = t;
        c->idva_end = after(w, t, w->p[P_IDVA_LENGTH]);
        emit(w, t, IDVA_START, me->person, r + 1, ordinal, (i64)w->p[P_IDVA_LENGTH] / 86400, 0);
    }
    if (unit(b.b) < DAYS(w, D_REF_MARAC, t)) refer(me, r, t);
}

static void assess_children(World *w, Life *me, i64 r, i64 t, i64 ordinal)
{
    const double *p = w->p;
    Case *c = &me->cases[r];
    Block b = block(w->key, me->person, r + 1, CHILD, ordinal);
    int plan = unit(b.b) < p[P_PLAN];
    if (unit(b.a) < p[P_IN_NEED] || plan)
        emit(w, t, CHILD_IN_NEED, me->person, r + 1, ordinal, c->children, 0);
    if (plan && t >= c->plan_end) {
        c->plan_end = after(w, t, exponential(b.d, p[P_PLAN_LENGTH]));
        emit(w, t, CHILD_PLAN, me->person, r + 1, ordinal, c->children, (c->plan_end - t) / 86400);
        if (unit(b.c) < p[P_LOOKED_AFTER]) emit(w, t, LOOKED_AFTER, me->person, r + 1, ordinal, c->children, 0);
    }
}

static void conviction(World *w, Life *me, i64 r, i64 t, i64 ordinal)
{
    const double *p = w->p;
    i64 person = me->person, rel = r + 1;
    double u = unit(block(w->key, person, rel, JUSTICE, ordinal).d);
    int sentence = u < p[P_CUSTODY] ? 1 : u < p[P_CUSTODY] + p[P_ORDER] ? 2 : 0;
    Block b = block(w->key, person, rel, SENTENCE, ordinal);
    emit(w, t, CONVICTION, person, rel, ordinal, sentence, 0);
    if (sentence == 1) {
        i64 release = after(w, t, exponential(b.a, p[P_SERVED]));
        i64 extra = larger(0, release - larger(t, me->custody)) / DAY;
        emit(w, t, CUSTODY_START, person, rel, ordinal, extra, 0);
        if (p[P_CUSTODY_ON] > 0.0) me->custody = larger(me->custody, release);
        expect(w, me, release, CUSTODY_END, rel, ordinal, 0);
    } else if (sentence == 2) {
        int required = unit(b.b) < p[P_BBR_REQUIRED];
        emit(w, t, COMMUNITY_ORDER, person, rel, ordinal, required, 0);
        if (required && unit(b.c) < p[P_BBR_STARTED] && DAYS(w, D_BBR, t) > 0.0)
            expect(w, me, after(w, t, p[P_BBR_DELAY]), BBR_START, rel, ordinal, 0);
    }
    if (unit(block(w->key, person, rel, ROUTES, ordinal).b) < DAYS(w, D_REF_COURT, t)) refer(me, r, t);
}

static void due(World *w, Life *me, i64 index)
{
    Pending now = me->due[index];
    me->due[index] = me->due[--me->pending];
    i64 t = now.time, rel = now.rel, r = rel - 1, ordinal = now.ordinal, person = me->person;
    if (now.kind == RECORD) { record(w, me, r, t, ordinal, now.a); return; }
    if (me->gone) return;
    switch (now.kind) {
    case RELATIONSHIP_END: end_case(w, me, r, t, me->cases[r].cause); break;
    case RELATIONSHIP_START: begin_case(w, me, r, t); break;
    case EXIT: leave(w, me, t, me->cause); break;
    case DVPO:
        me->cases[r].dvpo = t;
        emit(w, t, DVPO, person, rel, ordinal, 0, 0);
        break;
    case CHARGE: {
        emit(w, t, CHARGE, person, rel, ordinal, now.a, 0);
        Block j = block(w->key, person, rel, JUSTICE, ordinal);
        double mean = w->p[P_CONVICTION_DELAY];
        if (unit(j.b) < w->p[P_CONVICTION])
            expect(w, me, after(w, t, least(exponential(j.c, mean), LONGEST_DELAY * mean)), CONVICTION, rel, ordinal, now.a);
        break;
    }
    case CONVICTION: conviction(w, me, r, t, ordinal); break;
    case CUSTODY_END:
        if (t >= me->custody) emit(w, t, CUSTODY_END, person, rel, ordinal, 0, 0);
        break;
    case BBR_START:
        if (!in_custody(me, t)) {
            emit(w, t, BBR_START, person, rel, ordinal, 0, 0);
            expect(w, me, after(w, t, w->p[P_BBR_LENGTH]), BBR_END, rel, ordinal, 0);
        }
        break;
    case BBR_END: {
        int done = unit(block(w->key, person, rel, SENTENCE, ordinal).d) < w->p[P_BBR_COMPLETED];
        emit(w, t, BBR_END, person, rel, ordinal, done, 0);
        if (done) me->bbr = t;
        break;
    }
    case MARAC_HEARING: hear(w, me, r, t, ordinal); break;
    case CHILD_REFERRAL: refer_children(w, me, r, t, ordinal, 1); break;
    case CHILD_IN_NEED: assess_children(w, me, r, t, ordinal); break;
    }
}

/* Live to the horizon or to the first referral; returns whether the horizon was reached. */
static int live(World *w, Life *me)
{
    for (;;) {
        if (w->n > w->room - ROOM) {
            w->room *= 2;
            w->rows = realloc(w->rows, (size_t)w->room * sizeof(Row));
        }
        i64 t = INFINITE, kind = 0, rel = 0, ordinal = 0, index = 0;
        for (i64 i = 0; i < me->pending; i++) {
            const Pending *e = &me->due[i];
            if (e->time < t || (e->time == t && (e->kind < kind || (e->kind == kind
                && (e->rel < rel || (e->rel == rel && e->ordinal < ordinal))))))
                t = e->time, kind = e->kind, rel = e->rel, ordinal = e->ordinal, index = i;
        }
        for (i64 r = 0; r < me->relationships; r++) {
            const Case *c = &me->cases[r];
            if (!c->active) continue;
            i64 band = 0;
            for (i64 b = 1; b < c->awake; b++)
                if (c->time[b] < c->time[band] || (c->time[b] == c->time[band] && c->ordinal[b] < c->ordinal[band]))
                    band = b;
            i64 when = c->time[band], number = c->ordinal[band];
            if (when < t || (when == t && (INCIDENT < kind || (kind == INCIDENT
                && (r + 1 < rel || (r + 1 == rel && number < ordinal))))))
                t = when, kind = INCIDENT, rel = r + 1, ordinal = number, index = -1 - band;
        }
        if (t >= w->horizon) return 1;
        if (index < 0) candidate(w, me, rel - 1, t, -1 - index);
        else due(w, me, index);
        if (me->referred) return 0;
    }
}

/* --- rows in order, and counted --- */

static inline int comes_before(const Row *a, const Row *b)
{
    if (a->time != b->time) return a->time < b->time;
    if (a->kind != b->kind) return a->kind < b->kind;
    if (a->person != b->person) return a->person < b->person;
    if (a->relationship != b->relationship) return a->relationship < b->relationship;
    return a->ordinal < b->ordinal;
}

static void sort_rows(Row *rows, i64 n)
{
    for (i64 i = 1; i < n; i++)
        if (comes_before(&rows[i], &rows[i - 1])) {
            Row row = rows[i];
            i64 j = i;
            for (; j > 0 && comes_before(&row, &rows[j - 1]); j--) rows[j] = rows[j - 1];
            rows[j] = row;
        }
}

typedef struct { i64 day_of_record, year_of_record, control, stalking, children, year_of_abuse; } Memory;

static void fold(World *w)
{
    Memory memory[MOST_RELATIONSHIPS + 1];
    for (int i = 0; i <= MOST_RELATIONSHIPS; i++)
        memory[i] = (Memory){LONG_AGO, LONG_AGO, LONG_AGO, LONG_AGO, 0, LONG_AGO};
    i64 who[5] = {0}, years = w->n_years;
#define ADD(measure, amount) \
    do { for (int g = 0; g < 5; g++) w->counts[(who[g] * MEASURES + (measure)) * years + year] += (amount); } while (0)
    for (i64 i = 0; i < w->n; i++) {
        const Row *row = &w->rows[i];
        i64 day = (row->time - ORIGIN) / DAY, year = w->year_of_day[day];
        int value = row->value, detail = row->detail;
        if (row->kind == ENTRY) {
            who[0] = 0;
            who[1] = value & 1 ? 1 : 2;
            who[2] = 3 + (value >> 1 & 3);
            who[3] = value >> 3 > 0 ? 9 : 10;
            who[4] = 8;
            continue;
        }
        Memory *c = &memory[row->relationship];
        if (row->kind == RELATIONSHIP_START) c->children = detail & 3;
        who[4] = row->relationship > 0 && c->children > 0 ? 7 : 8;
        switch (row->kind) {
        case INCIDENT:
            ADD(M_TRUE_INCIDENTS, 1);
            ADD(M_TRUE_INCIDENTS + 1 + value, 1);
            if (c->year_of_abuse != year) { c->year_of_abuse = year; ADD(M_TRUE_VICTIMS, 1); }
            if (detail & 1) ADD(M_TRUE_CHILD_PRESENT, 1);
            if (detail & 2) ADD(M_TRUE_HIGH_HARM, 1);
            if (value == CONTROL && day - c->control > 365) { c->control = day; ADD(M_TRUE_COERCIVE_CONTROL_FIRST, 1); }
            if (value == STALKING && day - c->stalking > 365) { c->stalking = day; ADD(M_TRUE_STALKING_FIRST, 1); }
            break;
        case REPORT: ADD(M_REPORT_REPORTS, 1); ADD(M_REPORT_ATTENDED, value); break;
        case RECORD: {
            i64 last = c->day_of_record;
            if (last == day) break;
            ADD(M_RECORDED_INCIDENTS, 1);
            ADD(M_RECORDED_VIOLENCE_WITH_INJURY + value, 1);
            if (detail == 2) ADD(M_RECORDED_HIGH_RISK, 1);
            if (c->year_of_record == year) ADD(M_RECORDED_REPEAT_A, 1);
            else ADD(M_RECORDED_VICTIMS, 1);
            if (day - last <= 365) ADD(M_RECORDED_REPEAT_B, 1);
            if (last * DAY + ORIGIN >= w->record_start) ADD(M_RECORDED_REPEAT_C, 1);
            c->day_of_record = day;
            c->year_of_record = year;
            break;
        }
        case ARREST: ADD(M_POLICE_ARRESTS, 1); break;
        case DVPN: ADD(M_POLICE_DVPNS, 1); break;
        case DVPO: ADD(M_POLICE_DVPOS, 1); break;
        case CHARGE: ADD(M_POLICE_CHARGES, 1); break;
        case CONVICTION: ADD(M_POLICE_CONVICTIONS, 1); break;
        case CUSTODY_START: ADD(M_POLICE_CUSTODY, 1); ADD(M_POLICE_CUSTODY_DAYS, value); break;
        case COMMUNITY_ORDER: ADD(M_POLICE_COMMUNITY_ORDERS, 1); break;
        case BBR_START: ADD(M_POLICE_BBR_STARTS, 1); break;
        case BBR_END: ADD(M_POLICE_BBR_COMPLETIONS, value); break;
        case MARAC_REFERRAL:
            ADD(M_MARAC_REFERRALS, 1);
            ADD(M_MARAC_REPEATS, detail & 1);
            ADD(M_MARAC_REPEATS_EVER, detail >> 1);
            break;
        case MARAC_HEARING: ADD(M_MARAC_HEARINGS, 1); break;
        case IDVA_START: ADD(M_SERVICES_IDVA, 1); break;
        case OUTREACH_START: ADD(M_SERVICES_OUTREACH, 1); break;
        case CHILD_REFERRAL:
            ADD(M_CHILDREN_REFERRALS, value);
            if (detail & 1) ADD(M_CHILDREN_REREFERRALS, value);
            break;
        case CHILD_IN_NEED: ADD(M_CHILDREN_IN_NEED, value); break;
        case CHILD_PLAN: ADD(M_CHILDREN_PLANS, value); break;
        case LOOKED_AFTER: ADD(M_CHILDREN_LOOKED_AFTER, value); break;
        case RELATIONSHIP_START:
            ADD(M_CASE_BEGUN, 1);
            if (value == EX_PARTNER) ADD(M_CASE_EX_PARTNERS, 1);
            if (row->relationship == 1) ADD(M_CASE_ENTRIES, 1);
            break;
        case RELATIONSHIP_END:
            if (value == SEPARATED) ADD(M_CASE_SEPARATED, 1);
            break;
        }
    }
#undef ADD
}

/* Simulate a county. `said`: candidates met, points of the field drawn, people reached. Returns 0,
   or 1 if one person has more due at once than there is room for, 2 if `reached` is too small. */
int county(i64 key, const double *p, const double *days, i64 n_days, const i64 *times,
           const i64 *year_of_day, i64 n_years, i64 *counts, i64 *reached, i64 most_reached, i64 *said)
{
    World w = {.key = key, .p = p, .days = days, .n_days = n_days, .warm_up = times[0],
               .horizon = times[1], .record_start = times[2], .year_of_day = year_of_day,
               .n_years = n_years, .counts = counts, .room = 8192};
    w.rows = malloc((size_t)w.room * sizeof(Row));
    Life *me = calloc(1, sizeof(Life));
    double top = 0.0;
    for (i64 i = 0; i < n_days; i++) if (days[D_ENTRY * n_days + i] > top) top = days[D_ENTRY * n_days + i];
    i64 n_reached = 0;
    int full = 0;
    for (i64 band = 0; (double)band * ENTRY_BAND < top; band++) {
        i64 person = band * PEOPLE_PER_BAND - 1, t = ORIGIN;
        for (;;) {
            i64 when;
            for (;;) {
                person++;
                Block b = block(key, person, 0, ENTRY_PURPOSE, 0);
                t += (i64)(exponential(b.a, (double)YEAR / ENTRY_BAND) + 0.5);
                double height = ((double)(person / PEOPLE_PER_BAND) + unit(b.b)) * ENTRY_BAND;
                when = on_tick(&w, t);
                if (when >= w.horizon || (when >= w.warm_up && height < DAYS(&w, D_ENTRY, when) && unit(b.c) < p[P_SHARE])) break;
            }
            if (when >= w.horizon) break;
            w.n = 0;
            begin(&w, me, person, when);
            if (live(&w, me)) {
                sort_rows(w.rows, w.n);
                fold(&w);
            } else if (n_reached < most_reached) {
                reached[2 * n_reached] = person;
                reached[2 * n_reached++ + 1] = when;
            } else full = 1;
        }
    }
    said[0] = w.candidates;
    said[1] = w.points;
    said[2] = n_reached;
    free(w.rows);
    free(me);
    return w.overflow ? 1 : full ? 2 : 0;
}

/* The random numbers alone: that many blocks, added up. */
u64 blocks(i64 key, i64 n)
{
    u64 sum = 0;
    for (i64 i = 0; i < n; i++) {
        Block b = block(key, i, 1, FIELD, i);
        sum += b.a ^ b.b ^ b.c ^ b.d;
    }
    return sum;
}
