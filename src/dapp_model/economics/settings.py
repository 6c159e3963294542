"""How money is counted: one route of each pair, and what each unit cost is in a draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from dapp_model.economics.prices import year_number
from dapp_model.parameters import registry

CHOSEN: Final = (
    "green_book",
    "harm_route",
    "justice_route",
    "homicide",
    "cashable_view",
    "harm_discounting",
)
_COST: Final = "cost."
HARM_ROUTES: Final = ("true crimes", "recorded crimes", "victim-years", "QALYs")


@dataclass(frozen=True)
class Settings:
    """How money is counted: one route of each pair, so that both at once cannot be asked for.

    What each may be stands in the registry under `money.*`. `factors` are pairs of a name under
    `cost.*` and what unit costs of that name are, times their published value; 1 without a pair.
    """

    price_year: str
    harm_route: str
    justice_route: str
    cashable_view: str
    harm_discounting: str
    green_book: str = "2022"
    homicide: str = "expected value"
    factors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a setting that is not one of its choices; raises ValueError."""
        year_number(self.price_year)
        for name in CHOSEN:
            choices = registry()[f"money.{name}"].choices or ()
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it may be {' or '.join(choices)}."
                )
        for name, factor in self.factors:
            if f"{_COST}{name}" not in registry():
                raise ValueError(f"There is no unit cost called {name!r} to multiply.")
            if not factor >= 0:
                raise ValueError(f"Unit costs of {name} are multiplied by {factor}, below 0.")

    def factor(self, names: Iterable[str]) -> float:
        """Return what a unit cost is times its published value: the product over its names."""
        product = 1.0
        given = dict(self.factors)
        for name in names:
            product *= given.get(name, 1.0)
        return product

    @property
    def published(self) -> Settings:
        """Return the same settings with every unit cost as published."""
        return replace(self, factors=()) if self.factors else self


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return the settings that parameters name under `money.*` and `cost.*`, else the registry's.

    `values` maps "section.name" to a value, as Inputs.values does.
    """

    def chosen(name: str) -> Any:
        return values.get(f"money.{name}", registry()[f"money.{name}"].value)

    factors = tuple(
        (name.removeprefix(_COST), float(value))
        for name, value in values.items()
        if name.startswith(_COST) and value != 1.0
    )
    return Settings(
        price_year=chosen("price_year"), factors=factors, **{name: chosen(name) for name in CHOSEN}
    )
