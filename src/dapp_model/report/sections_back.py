"""Sections 7 to 10: how sure, what finding out is worth, risks and equality, monitoring."""

from __future__ import annotations

from dataclasses import replace

from dapp_model.experiment import families
from dapp_model.model import tabulate_all
from dapp_model.parameters import Inputs
from dapp_model.report import (
    account_tables,
    change_words,
    learning_words,
    page,
    sure_tables,
    sure_words,
    words,
)
from dapp_model.report.document import (
    Block,
    Bullets,
    Link,
    Paragraph,
    Prompt,
    not_assessed,
)
from dapp_model.report.pack import MOST_FINDINGS, Pack

FULL = Link("Annex B", "tables")
CANNOT_USE = (
    "People for whom the design may not work, and who need naming in an equality impact "
    "assessment: women who use force, people in same-sex relationships, people who do not speak "
    "English well, disabled people, people in rural places. This page informs such an assessment "
    "and is not one."
)


def simulated_whole(inputs: Inputs) -> tuple[str, ...]:
    """Return the options that change the county itself, and not the programme alone."""
    found = families(tabulate_all(inputs).values())
    return tuple(world.option for family in found[1:] for world in family)


def _how_simulated(pack: Pack) -> str:
    names = simulated_whole(pack.totals.inputs)
    if not names:
        return (
            f"Every option differs from {pack.comparator} in the programme alone, so under each "
            "of them only the people whom the programme can reach are simulated again."
        )
    labels = words.listed([words.quoted(pack.totals.label(name)) for name in names])
    return (
        f"{labels} {'changes' if len(names) == 1 else 'change'} services or campaigns for the "
        "whole county, so the county is simulated whole under "
        f"{'it' if len(names) == 1 else 'each of them'} in every draw; under the other options "
        "only the people whom the programme can reach are simulated again."
    )


def _drawn(pack: Pack) -> str:
    decision = pack.decision
    made = decision["replications"]
    text = (
        "The intervals hold what is not known about people, effects and services, over "
        f"{decision['draws']} joint draws, with {made} "
        f"{'repetition' if made == 1 else 'repetitions'} of the play of chance in each"
    )
    several = sure_words.nested_draws(decision)
    if made > 1 and several < decision["draws"]:
        text += f" of the first {several} and one in each of the others"
    text += ". "
    if decision["whole_county_draws"] < decision["draws"]:
        text += (
            f"The county is simulated whole in the first {decision['whole_county_draws']:,} draws, "
            "and its totals are means over these; in the others only the people whom the "
            "programme can reach are simulated, which gives the same differences between options. "
        )
    text += (
        f"{_how_simulated(pack)} Unit costs are drawn with them, each apart from the play of "
        "chance; harm is drawn once for all crimes. "
    )
    if decision["posterior"]:
        return text + (
            "The parameters fitted to the Surrey counts come from the committed posterior, row by "
            "row."
        )
    return text + (
        "The parameters fitted to the Surrey counts are held at their likeliest values, so the "
        "intervals are too narrow."
    )


def how_sure(pack: Pack) -> tuple[Block, ...]:
    """Return section 7: intervals, schools of thought, structures, and the checks on the level."""
    decision = pack.decision
    return (
        Paragraph(f"{words.wrong(decision)} {words.told_apart(decision)}"),
        page.sureness(decision),
        Paragraph(_drawn(pack)),
        Paragraph(f"{decision['intervals']} {sure_words.luck(decision)}"),
        Paragraph(sure_words.effect_prior(decision)),
        *_by_prior(pack),
        Paragraph(
            (
                f"{sure_words.structures(decision)} {decision['structural']['note']} Weights are "
                "equal unless the scenario sets others. Each structure stands in ",
                FULL,
                ".",
            )
        ),
        *([Paragraph(turned)] if (turned := sure_words.turned(decision)) else []),
        Bullets(
            (
                *words.rests_on(decision),
                *words.views(decision),
                *change_words.switches(decision),
            )
        ),
        *_choke_points(pack),
        *pack.picture("tornado", "acceptability", height=7.0),
    )


def _choke_points(pack: Pack) -> tuple[Block, ...]:
    """Return what one more of each scarce thing is worth, where `dapp sensitivity` has told it."""
    found = pack.analyses.get("sensitivity", {}).get("choke_point_sentences", ())
    if not found:
        steps = (
            "one more place, a week less wait, one more referral a month or a point of completion"
        )
        return (Paragraph(not_assessed(f"What {steps} is worth")),)
    made = pack.analyses["sensitivity"].get("choke_draws", 0)
    head = f"For {pack.label}, in {made} draws with the same luck on both sides:"
    return (Paragraph(head), Bullets(tuple(str(line) for line in found)))


def _by_prior(pack: Pack) -> tuple[Block, ...]:
    """Return what each school of thought would advise, for the shown option alone."""
    whole = sure_tables.effect_prior(pack.decision)
    parts = pack.decision["by_effect_prior"]["parts"] if whole else ()
    if whole is None or not any(one["assessed"] for one in parts[1:]):
        return ()
    label = str(pack.shown["label"])
    rows = tuple(row for row in whole.rows if row[0] in (*_KEPT, label))
    return (
        replace(whole, rows=rows),
        Paragraph(
            "One set of draws serves all schools of thought: each draw counts for each of them "
            "with the chance that an effect of its size came from it. Effective draws say how "
            "many draws of equal weight that is worth."
        ),
    )


_KEPT = (
    "Weight",
    "Effective draws",
    "Hazard ratio at full dose, mean",
    "Advice",
    sure_tables.WRONG,
    sure_tables.KNOWING,
    sure_tables.RETURNS,
)


def finding_out(pack: Pack) -> tuple[Block, ...]:
    """Return section 8: what is not known, and what knowing it is worth."""
    evaluated = pack.detectable[:MOST_FINDINGS]
    silent = not_assessed("What an evaluation of the pilot could detect")
    table = sure_tables.information(pack.decision)
    told = tuple(row for row in table.rows if row[-1] != sure_tables.WITHIN_NOISE) if table else ()
    return (
        Paragraph(sure_words.information(pack.decision)),
        *([replace(table, columns=table.columns[:-1], rows=tuple(r[:-1] for r in told))]
          if table and told else []),
        *_taught(pack),
        *_studies(pack),
        Bullets(evaluated) if evaluated else Paragraph(silent),
        *pack.picture("learning", "flips", height=7.0),
    )  # fmt: skip


def _studies(pack: Pack) -> tuple[Block, ...]:
    """Return what single things and studies are worth, where `dapp voi` has told it."""
    head = "No study could be worth more than knowing everything."
    if not pack.studied:
        studies = "" if "learning" in pack.charts else " and studies of several sizes"
        silent = not_assessed(f"What single parameters{studies} are worth")
        return (Paragraph(f"{head} {silent}"),)
    return (Paragraph(head), Bullets(pack.studied))


def _taught(pack: Pack) -> tuple[Block, ...]:
    """Return what the pilot teaches, the rule for deciding on it, and being able to stop."""
    decision = pack.decision
    lines = (
        learning_words.rule(decision),
        *learning_words.values(decision),
        *learning_words.closing(decision),
    )
    said = tuple(line for line in lines if line)
    return (Bullets(said),) if said else ()


def risks(pack: Pack) -> tuple[Block, ...]:
    """Return section 9: safety of victims, equality, rights and data."""
    decision = pack.decision
    return (
        Paragraph(f"{words.victim_safety(decision)} {sure_words.without_rail(decision)}"),
        account_tables.by_group(pack.totals),
        page.protected(),
        Paragraph(CANNOT_USE),
        Prompt("Human rights", "which rights each option engages, and whether that is justified"),
        Paragraph(
            "Data protection: no personal data is used; everybody in the simulation is made up by "
            "the computer."
        ),
    )


def _returns(pack: Pack) -> tuple[Block, ...]:
    """Return what returns can be held against, and what should bring the decision back."""
    table = learning_words.expected(pack.decision)
    lines = tuple(learning_words.triggers(pack.decision))
    return (*([table] if table else []), *([Bullets(lines)] if lines else []))


def monitoring(pack: Pack) -> tuple[Block, ...]:
    """Return section 10: what to watch, and who decides."""
    return (
        *_returns(pack),
        Prompt("Monitoring plan", "which returns the provider makes, to whom and by when"),
        Paragraph(words.expiry(pack.decision)),
        Paragraph(
            "Funders decide each for its own share, the Commissioner for the office's; the Police "
            "and Crime Panel scrutinises and does not approve."
        ),
    )
