"""How numbers are shown in figures, tables and sentences."""

from __future__ import annotations

from math import isnan


def number(value: float, digits: int = 4) -> str:
    """So many significant digits, without an exponent where that is readable."""
    if isnan(value):
        return "–"
    text = f"{value:.{digits}g}"
    if "e+" in text and abs(value) < 1e9:
        text = f"{value:,.0f}"
    return text.replace("-", "−", 1) if value < 0 else text


def signed(value: float) -> str:
    """A difference, with its sign and three digits."""
    return f"+{number(value, 3)}" if value > 0 else number(value, 3)


def span(low: float, high: float) -> str:
    """An interval; nothing where there is none."""
    return "" if isnan(low) or isnan(high) else f"{signed(low)} to {signed(high)}"


def percent(value: float) -> str:
    """A ratio in percent, or as a factor where it is large."""
    if isnan(value):
        return number(value)
    return f"{100 * value:.1f}%" if value < 10 else f"{number(value, 3)} ×"
