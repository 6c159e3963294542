"""Numbers and sentences as people read them: three significant figures, generated from the run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from dapp_model.report import origins
from dapp_model.report.names import HARMS, READINGS

Decision = Mapping[str, Any]

ERROR: Final = "_monte_carlo_error"  # of the field with that name before it
FEW: Final = 50  # draws below which chances, intervals and regressions are not worth reading
FITTED: Final = "Fitted to"  # the mark that begins so says where numbers come from; it warns not


# Another option that differs from the advised by no more than two Monte Carlo errors.
NOT_APART = " (not told apart from the advice)"
ENOUGH: Final = 1_000  # draws that are worth the wait before a decision


def rounded(value: float, figures: int = 3) -> float:
    """Round to significant figures; zero stays zero."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, figures - 1 - math.floor(math.log10(abs(value))))


def _number(value: float, figures: int = 3) -> str:
    near = rounded(value, figures)
    if near == 0:
        return "0"
    decimals = max(0, figures - 1 - math.floor(math.log10(abs(near))))
    text = f"{abs(near):,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if near < 0 else text


def number(value: float, figures: int = 3) -> str:
    """Print a number with three significant figures and thousands separators: 1,250."""
    return origins.shown(value, _number(float(value), figures))


def whole(value: float) -> str:
    """Print a count of people, incidents or places: none of them comes in parts."""
    return origins.shown(value, "under 1") if 0 < value <= 0.5 else nearest(value)


def nearest(value: float) -> str:
    """Print the nearest whole number, as at the ends of an interval."""
    return origins.shown(value, _number(float(round(float(value)))))


def mean_count(value: float) -> str:
    """Print a count that is said to be a mean: whole from ten up, with one decimal below."""
    size = abs(float(value))
    if size >= 9.95 or size == 0:
        return whole(value)
    if size < 0.05:
        return origins.shown(value, "under 0.1" if value > 0 else "over -0.1")
    return origins.shown(value, f"{float(value):.1f}".removesuffix(".0"))


def money(value: float) -> str:
    """Print pounds with three significant figures, pence as two: £196,000, -£340, £1.60."""
    return origins.shown(value, _money(float(value)))


def _money(value: float) -> str:
    near = rounded(value) if abs(value) >= 0.005 else 0.0
    sign = "-" if near < 0 else ""
    size = abs(near)
    if size < 10 and round(size, 2) % 1:
        return f"{sign}£{abs(value):.2f}"  # rounded once
    if size >= 1e6:
        return f"{sign}£{_number(size / 1e6)} million"
    return f"{sign}£{_number(round(size, 2) if size < 1000 else size)}"


def percent(share: float) -> str:
    """Print a chance as a percentage, never as 0% or 100% unless it is by count: 3%, 12%."""
    if 0 < share <= 0.005:
        return origins.shown(share, "under 1%")
    if 0.995 <= share < 1:
        return origins.shown(share, "over 99%")
    return origins.shown(share, f"{float(share) * 100:.0f}%")


def chance(found: Mapping[str, Any], name: str, decision: Decision) -> str:
    """Print a chance of the run with its Monte Carlo error in points: 48% (± 4.4).

    Where no draw tells otherwise, in how many draws it is so.
    """
    return share_of_draws(found[name], found.get(f"{name}{ERROR}"), decision["draws"])


def in_share_of_draws(share: float, error: float | None, draws: int) -> str:
    """Say in how many draws something is so: in 48% (± 4.4) of draws, in none of the 20 draws."""
    told = share_of_draws(share, error, draws)
    return f"in {told} of draws" if 0 < share < 1 else told


def often(found: Mapping[str, Any], name: str, decision: Decision) -> str:
    """Say in how many draws of the run something is so, with the Monte Carlo error."""
    return in_share_of_draws(found[name], found.get(f"{name}{ERROR}"), decision["draws"])


def share_of_draws(share: float, error: float | None, draws: int) -> str:
    """Print a share of draws with its Monte Carlo error; at nought or one, in how many it is so.

    There too an error is known where luck is taken out and other draws would have told otherwise.
    """
    told = in_draws(share, draws)
    if error is None:
        return told
    if not 0 < share < 1:
        return f"{told} (±\N{NO-BREAK SPACE}{number(100 * error, 2)} points)"
    return f"{told} (± {number(100 * error, 2)})"


def amount(value: float, unit: str) -> str:
    """Print a mean in its unit: pounds as money, everything else as a count."""
    return money(value) if unit == "GBP" else mean_count(value)


def between(low: float, high: float, unit: str) -> str:
    """Print an interval: of pounds, or of a mean count, whole where an end is ten or more."""
    few = max(abs(low), abs(high)) < 9.95
    say = money if unit == "GBP" else mean_count if few else nearest
    return f"{say(low)} to {say(high)}"


def day(iso: str) -> str:
    """Print a date: 1 September 2018."""
    when = date.fromisoformat(iso)
    return f"{when.day} {when:%B %Y}"


def listed(items: Sequence[str]) -> str:
    """Join texts as a sentence does: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def quoted(label: str) -> str:
    """Put an option's name in quotation marks inside a sentence."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{label}\N{RIGHT SINGLE QUOTATION MARK}"


def option_of(decision: Decision, name: str) -> Mapping[str, Any]:
    """Return what the decision says of one option."""
    found: Mapping[str, Any] = next(one for one in decision["options"] if one["name"] == name)
    return found


# -- sentences ------------------------------------------------------------------------------------


def worth(value: float) -> str:
    """Say what a net present social value means for society."""
    if value >= 0:
        return f"is worth {money(value)} more to society than it costs"
    return f"is worth {money(-value)} less to society than it costs"


def public_cost(value: float) -> str:
    """Say what a net public cost means; never "saves", since most of it is not cash."""
    if value >= 0:
        return f"costs public bodies {money(value)} net"
    return f"releases public capacity and money valued at {money(-value)} beyond its cost"


def incidents(value: float) -> str:
    """Say how many true incidents an option averts, or adds."""
    size = abs(value)
    if size == 0:
        return "averts no incident of abuse"
    count = whole(size) if size >= 1 else origins.shown(size, "less than one")
    if value > 0:
        return f"averts {count} {_incident(size)} of abuse"
    return f"comes with {count} more {_incident(size)} of abuse"


def _incident(size: float) -> str:
    return "incident" if round(float(size)) <= 1 else "incidents"


def advice(decision: Decision) -> str:
    """Say what the advice is, in one sentence that names the option."""
    given = decision["advice"]
    label, comparator = quoted(given["label"]), quoted(decision["comparator"]["label"])
    if given["option"] == decision["comparator"]["name"]:
        other = option_of(decision, decision["shown_option"])
        value = other["measures"]["net_present_social_value"]["mean"]
        text = (
            f"On present knowledge the best option is {label}: the best of the other options, "
            f"{quoted(other['label'])}, {worth(value)} against it"
        )
        return f"{text}{_ruled_out(other)}."
    measures = option_of(decision, given["option"])["measures"]
    value = measures["net_present_social_value"]["mean"]
    averted = measures["true_incidents_averted"]["mean"]
    return (
        f"On present knowledge the best option is {label}. Against {comparator} it "
        f"{incidents(averted)} and {worth(value)}, on average."
    )


def _ruled_out(option: Mapping[str, Any]) -> str:
    """Say why an option may not be chosen, if it may not."""
    if not option["admissible"]:
        return ", but is ruled out for the safety of victims"
    if option["affordable"] is False:
        return ", but cannot be afforded"
    return ""


def told_apart(decision: Decision) -> str:
    """Say which options this run cannot tell from the advised one."""
    close = [
        quoted(option_of(decision, name)["label"]) for name in decision["advice"]["not_told_apart"]
    ]
    label = quoted(decision["advice"]["label"])
    if not close:
        return f"With {decision['draws']:,} draws, {label} {_lead(decision)}."
    others = listed(close)
    if len(close) == len(decision["options"]) - 1 > 1:
        others = "any other option"
    return (
        f"With {decision['draws']:,} draws the expected value of {label} cannot be told from that "
        f"of {others}{_few(decision['draws'])}."
    )


def _few(draws: int) -> str:
    return "; more draws would tell more" if 1 < draws < ENOUGH else ""


def more_draws(decision: Decision) -> str:
    """Say for a terminal how more draws are asked for, where they would tell options apart."""
    if not decision["advice"]["not_told_apart"] or not 1 < decision["draws"] < ENOUGH:
        return ""
    less = (decision["draws"] / ENOUGH) ** 0.5
    return (
        f"A run with --draws {ENOUGH} would tell more: its Monte Carlo errors would be some "
        f"{percent(less)} of these."
    )


def _lead(decision: Decision) -> str:
    """Say by how much the advised option leads the next; or that it is told from all others."""
    lead = decision["advice"]["lead"]
    if lead is None or not lead["value"] > 0:
        return "is told apart from every other option"
    over = quoted(option_of(decision, lead["over"])["label"])
    return (
        f"leads the next, {over}, by {with_pounds(lead['value'], lead[f'value{ERROR}'])}: more "
        "than the draws there are leave open, which says nothing of what is not known"
    )


def with_pounds(value: float, error: float | None) -> str:
    """Print pounds with their Monte Carlo error, if it is known."""
    return f"{money(value)}{in_brackets(error)}"


def in_brackets(error: float | None, unit: str = "GBP") -> str:
    """Print a Monte Carlo error to stand after a number; nothing if there is none."""
    return f" ({_of_error(error, unit)})" if error else ""


def _of_error(error: float, unit: str) -> str:
    say = money if unit == "GBP" else error_of_count
    return f"\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{say(error)}"


def error_of_count(error: float) -> str:
    """Print the Monte Carlo error of a mean count: two figures, not below a hundredth."""
    return origins.shown(error, "under 0.01") if error < 0.005 else number(error, 2)


def error_in_table(error: float | None) -> str:
    """Print a Monte Carlo error of pounds in a column of its own."""
    return "not assessed" if error is None else money(error)


def estimate(found: Mapping[str, Any], unit: str = "GBP") -> str:
    """Print a mean, its Monte Carlo error and a 90% interval: 124 ± 6.1 (-125 to 446)."""
    error = found["monte_carlo_error"]
    told = f" {_of_error(error, unit)}" if error else ""
    return f"{amount(found['mean'], unit)}{told} ({between(found['low'], found['high'], unit)})"


def wrong(decision: Decision) -> str:
    """Say how likely the advice is to be wrong, and what is lost then."""
    found = decision["wrong"]
    against = quoted(option_of(decision, found["against"])["label"])
    text = f"The chance that this is wrong, that {against} is better, is {percent(found['chance'])}"
    if not 0 < found["chance"] < 1:
        so = share_of_draws(found["chance"], found["chance_error"], decision["draws"])
        text = f"That this is wrong, that {against} is better, is so {so}"
    elif found["chance_error"]:
        points = number(100 * found["chance_error"], 2)
        one = origins.bare(points) == "1"
        text += f" (Monte Carlo error {points} {'point' if one else 'points'})"
    if found["chance"] > 0:
        error = found.get("mean_loss_when_wrong_error")
        then = with_pounds(found["mean_loss_when_wrong"], error)
        text += f"; the loss is then {then} on average"
    if found["luck_removed"]:
        return f"{text}. The chance is over what is not known, with the play of chance taken out."
    return f"{text}. The chance is over what is not known and over the play of chance together."


def calibrated(posterior: Mapping[str, Any]) -> str:
    """Return which posterior a result rests on, with its hash: for the record of a run."""
    return (
        f"Calibrated: draws come from the posterior {posterior['hash']} ({posterior['title']}; "
        f"{posterior['rows']:,} rows), with a repeat counted {READINGS[posterior['reading']]}."
    )


def _fitted(posterior: Mapping[str, Any]) -> str:
    """Return what a result is fitted to, as people say it."""
    area, on, year = str(posterior["title"]).partition(", calibrated on ")
    what = f"counts of {area[0].lower()}{area[1:]} in {year}" if on else f"counts: {area}"
    text = f"{FITTED} {what}, with a repeat counted {READINGS[posterior['reading']]}."
    if posterior["set_by_the_scenario"]:
        names = ", ".join(posterior["set_by_the_scenario"])
        text += f" The scenario itself sets {names}."
    return text


def standing(decision: Decision) -> list[str]:
    """Return the marks that belong on every page: provisional, indicative, part of the county."""
    marks = []
    if decision["provisional"]:
        marks.append(
            "Provisional: the parameters fitted to the Surrey counts come from a posterior that "
            "has not passed its proof."
            if decision.get("posterior")
            else "Provisional: the parameters fitted to the Surrey counts are held at one set of "
            "values; no posterior has been committed."
        )
    if decision.get("posterior"):
        marks.append(_fitted(decision["posterior"]))
    if decision["indicative"]:
        marks.append(
            f"Indicative: a quick run with {decision['draws']:,} draws. Run it without --quick "
            "before using any number."
        )
    elif 0 < decision["draws"] < FEW:
        marks.append(
            f"Indicative: a run with {decision['draws']} draws, too few for chances and intervals "
            "to be used."
        )
    share = decision["population_share"]
    if share < 1:
        marks.append(
            f"Only {number(share * 100)}% of the county is simulated, and money and staff are "
            "scaled with it: counts and pounds are not those of Surrey, and the pathway is not "
            "representative."
        )
    return marks


def on_pictures(marks: Sequence[str]) -> list[str]:
    """Return in a few words what these marks say, for the foot of a picture file."""
    ends = {"Provisional": ":", "Indicative": ".", "Only": ","}
    return [
        mark.partition(end)[0]
        for mark in map(origins.bare, marks)
        for first, end in ends.items()
        if mark.startswith(first)
    ]


def decided(decision: Decision) -> str:
    """Say for which month the advice is."""
    when = date.fromisoformat(decision["expires"]["decided"])
    return f"For a decision in {when:%B %Y}."


def present_knowledge(decision: Decision) -> str:
    """Say what the advice has not seen."""
    return (
        "The provider's returns have not been read, so this is the best option on present "
        "knowledge and not a verdict on the pilot."
    )


def views(decision: Decision) -> list[str]:
    """Say whether the advice differs under other ways of counting."""
    lines = []
    for view in decision["views"]:
        label = quoted(option_of(decision, view["option"])["label"])
        if view["differs"]:
            apart = "" if view["told_apart"] else NOT_APART
            lines.append(f"With {view['words']}, the advice would be {label}{apart}.")
    if not lines:
        kinds = listed([view["words"] for view in decision["views"]])
        lines.append(f"The advice is the same in each of these other views: {kinds}.")
    return lines


def other_views(decision: Decision) -> str:
    """Say in one sentence which other ways of counting change the advice; nothing if none does."""
    found: dict[str, list[str]] = {}
    for view in decision["views"]:
        if view["differs"]:
            said = f"{view['words']}{'' if view['told_apart'] else NOT_APART}"
            found.setdefault(str(view["option"]), []).append(said)
    each = [
        f"{quoted(option_of(decision, name)['label'])} with {listed(kinds)}"
        for name, kinds in found.items()
    ]
    return f"Counted otherwise, the advice would be {', or '.join(each)}." if each else ""


def for_public_bodies(decision: Decision) -> str:
    """Say what is best for public bodies alone, which is no advice; nothing without a map."""
    found: dict[str, list[str]] = {}
    own = [one for one in decision["flips"] if not one["illustration"]]
    for perspective, how in (("fiscal", ""), ("cashable", " by cash alone")):
        row = next((one for one in own if one["perspective"] == perspective), None)
        if row is not None:
            share, error = row["chance_best"], row[f"chance_best{ERROR}"]
            often = in_share_of_draws(share, error, decision["draws"])
            found.setdefault(str(row["option"]), []).append(f"{often}{how}")
    each = [
        f"{quoted(option_of(decision, name)['label'])} is best {listed(kinds)}"
        for name, kinds in found.items()
    ]
    return f"For public bodies alone, no advice: {listed(each)}." if each else ""


def how_often(what: str, found: Mapping[str, Any], name: str, draws: int) -> str:
    """Say the chance of what is said; where no draw tells otherwise, in how many draws it is so."""
    share = found[name]
    if 0 < share < 1:
        told = share_of_draws(share, found.get(f"{name}{ERROR}"), draws)
        return f"the chance that {what} is {told}"
    return f"{what} {share_of_draws(share, found.get(f'{name}{ERROR}'), draws)}"


def in_draws(share: float, draws: int) -> str:
    """Print a chance for a table; no number of draws can tell that it is nought or one."""
    if 0 < share < 1:
        return percent(share)
    made = origins.shown(draws, f"{int(draws):,}")
    return f"in none of the {made} draws" if share == 0 else f"in all {made} draws"


def concerned(decision: Decision) -> str:
    """Say whose victims the guard-rail is about: those for whom the decision changes anything."""
    if decision["decision"] == "extension":
        return "those referred, accepted or started after the decision"
    return "those referred"


def victim_safety(decision: Decision) -> str:
    """Say how the guard-rail for victims came out for the option that is shown."""
    option = option_of(decision, decision["shown_option"])
    harm = option["serious_harm"]
    rail = decision["guard_rail"]
    out = [one["label"] for one in decision["options"] if not one["admissible"]]
    holds = "" if harm["luck_removed"] else " These chances hold luck as well as what is not known."
    rise = how_often(
        f"{quoted(option['label'])} raises it by more than {percent(rail['margin'])} among "
        f"victims of {concerned(decision)}",
        harm,
        "chance_of_rise_beyond_margin",
        decision["draws"],
    )
    worse = how_often(
        f"{quoted(decision['comparator']['label'])} is worse for victims",
        harm,
        "chance_comparator_is_worse_for_victims",
        decision["draws"],
    )
    text = (
        f"{HARMS[rail['outcome']]}: {rise}, where a chance of {percent(rail['limit'])} would rule "
        f"it out. {_largest_rise(harm)}{worse[0].upper()}{worse[1:]}.{holds}"
    )
    if out:
        text += f" Ruled out by this: {listed([quoted(label) for label in out])}."
    return text


def _largest_rise(harm: Mapping[str, Any]) -> str:
    """Say how near any draw comes to the margin: whether the guard-rail could have ruled it out."""
    rise = harm["largest_rise"]
    if rise is None or rise <= 0:
        return ""
    return f"The largest rise in any draw is {percent(rise)}. "


def rests_on(decision: Decision) -> list[str]:
    """Say what the answer rests on, with the checks on the level of harm."""
    base = decision["baseline"]

    def level(name: str) -> str:
        return with_pounds(base[name], base.get(f"{name}{ERROR}"))

    bill = (
        "lies within" if base["police_bill_in_range"] else "lies outside"
    )  # a check that a reader can see fail
    return [
        f"How much abuse there is beyond what is recorded: the county's harm in "
        f"{base['financial_year']} comes to {level('harm_true_crimes')} by true crimes, "
        f"against benchmarks of {level('harm_recorded_crimes')} by recorded crimes times "
        f"their multiplier and {level('harm_victim_years')} by victim-years (the Home "
        "Office's total, scaled to Surrey by a survey), all at published unit costs.",
        f"The simulated police bill for domestic abuse in that year is "
        f"{level('police_bill')}; it {bill} the plausible range of "
        f"{between(base['police_bill_low'], base['police_bill_high'], 'GBP')} (from what was "
        "recorded at the costs used here, to the same at a national average).",
        "How far a programme of this kind lowers abuse at all: the evidence is mixed, and the "
        "draws include no effect and harm.",
    ]


def expiry(decision: Decision) -> str:
    """Say when the advice expires."""
    found = decision["expires"]
    return f"The advice expires on {day(found['date'])} ({found['reason']}, whichever comes first)."


def first_page(decision: Decision) -> list[str]:
    """Return the sentences of the first page, for a terminal."""
    lines = [*standing(decision), decision["question"], advice(decision)]
    shown = option_of(decision, decision["shown_option"])
    for one in decision["three_numbers"]:
        lines.append(
            f"  {one['label']} ({shown['label']}): {amount(one['mean'], one['unit'])}"
            f"{in_brackets(one['monte_carlo_error'], one['unit'])}, "
            f"90% interval {between(one['low'], one['high'], one['unit'])}"
        )
    lines += [told_apart(decision), wrong(decision), present_knowledge(decision), expiry(decision)]
    hint = more_draws(decision)
    return [*lines, *rests_on(decision)[:2], *([hint] if hint else [])]
