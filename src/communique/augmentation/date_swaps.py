"""A training augmenter: the same documents at another time."""

import calendar
import random
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import List, Optional

from spacy.util import registry

from ..document import Document
from .copies import DocumentAugmenter
from .edits import Edit, apply_edits, renaming

DAYS = 3 * 365
MONTHS = list(calendar.month_name)
SHORT_MONTHS = list(calendar.month_abbr)
# As news agencies abbreviate them; the others are written in full.
DOTTED_MONTHS = ["", "Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."]
WEEKDAYS = list(calendar.day_name)
SHORT_WEEKDAYS = list(calendar.day_abbr)
# In a calendar value.
YEAR, MONTH, DAY = slice(0, 4), slice(5, 7), slice(8, 10)
# What stands at its place in the year: seasons, holidays, and parts of a month or a year.
FIXED = re.compile(
    r"(?i)\b(?:christmas|easter|eve|new year|ramadan|(?<!same )(?<!this )(?<!next )day|spring|summer|autumn|fall|winter|"
    r"early|mid|late|beginning|start|end|half|quarter|\w+(?:teen|tie)th|first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth|tenth|eleventh|twelfth)\b"
)
PART = re.compile(r"\d+(?P<ordinal>st|nd|rd|th)?|[^\W\d_]+\.?")
ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


@registry.augmenters("communique.date_swaps.v1")
def create_date_swaps(share: float, seed: int) -> DocumentAugmenter:
    """Move a whole document in time: its day of publication and all dates by the same number of days, up to three years
    back or forth. Weekdays, days, months and years in the text follow from the new calendar values. Where the text
    speaks of weeks, of seasons or of holidays, it moves by whole weeks or by whole years. A document that has a
    date of any other form stays.

    share (float): The share of documents that are moved.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    rng = random.Random(seed)

    def swap_dates(document: Document) -> Optional[Document]:
        published = _as_day(document.meta.get("date"))
        if rng.random() >= share or published is None:
            return None
        dates = [entity for entity in document.entities if entity.label == "DATE"]
        if any(entity.name is None for entity in dates):
            return None
        fixed = any(FIXED.search(entity.text) for entity in dates)
        weeks = any("/" in entity.name and not re.search(r"\d", entity.text) for entity in dates if not FIXED.search(entity.text))
        if fixed and weeks:
            return None
        years = rng.choice([-3, -2, -1, 1, 2, 3]) if fixed else 0
        days = rng.randint(8, DAYS) * rng.choice([-1, 1])
        shift = _Shift(published, years, days // 7 * 7 if weeks else days)
        edits: List[Edit] = []
        entities = list(document.entities)
        try:
            for i, entity in enumerate(entities):
                if entity.label == "DATE":
                    name = shift.value(entity.name)
                    entities[i] = replace(entity, name=name, kb_id=None)
                    new = _rewritten(entity.text, entity.name, name)
                    edits += renaming(document, entity.start, entity.end, new)
            meta = {**document.meta, "date": shift.value(document.meta["date"])}
        except ValueError:
            return None
        return apply_edits(replace(document, entities=entities, meta=meta), edits)

    return DocumentAugmenter(swap_dates)


class _Shift:
    """A move in time, of values to the day, the month or the year."""

    def __init__(self, published: date, years: int, days: int) -> None:
        moved = published.replace(year=published.year + years, day=min(published.day, 28)) if years else published + timedelta(days)
        self.by_years = years
        self.days = days
        self.months = (moved.year - published.year) * 12 + moved.month - published.month
        self.years = moved.year - published.year

    def value(self, value: str) -> str:
        """RAISES: ValueError if it is no calendar value, or falls on no day of the new year."""
        if "/" in value:
            return "/".join(map(self.value, value.split("/")))
        if re.fullmatch(r"\d{4}s", value):
            return value
        numbers = [int(part) for part in value.split("-")]
        if len(numbers) == 1:
            return f"{numbers[0] + self.years:04d}"
        if len(numbers) == 2:
            month = numbers[0] * 12 + numbers[1] - 1 + self.months
            return f"{month // 12:04d}-{month % 12 + 1:02d}"
        if self.by_years:
            return date(numbers[0] + self.by_years, *numbers[1:]).isoformat()
        return (date(*numbers) + timedelta(self.days)).isoformat()


def _as_day(value: Optional[str]) -> Optional[date]:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _rewritten(text: str, old: str, new: str) -> str:
    """The text with the parts of the new value where those of the old one stood.

    RAISES: ValueError if a number, a month or a weekday in the text is no part of the value.
    """
    old_values, new_values = old.split("/"), new.split("/")
    if len({value[:7] for value in old_values}) != len({value[:7] for value in new_values}):
        raise ValueError("a range within a month has become one over two months, or the other way round")

    def counterpart(part: slice, number: int) -> int:
        """The new year, month or day in the place of the old one."""
        for old_value, new_value in zip(old_values, new_values):
            if old_value[part] == f"{number:0{part.stop - part.start}d}":
                return int(new_value[part])
        raise ValueError(f"{number} in {text!r} is no part of {old}")

    def rewritten_part(match: re.Match) -> str:
        word = match[0]
        if word.isdigit() and len(word) == 4:
            return word if old.endswith("s") else str(counterpart(YEAR, int(word)))
        if word[0].isdigit():
            if not re.search(r"[^\W\d_]{3}", text):
                raise ValueError(f"{text!r} is written in numbers")
            day = counterpart(DAY, int(word.removesuffix(match["ordinal"] or "")))
            return f"{day}{ORDINALS.get(day, 'th') if match['ordinal'] else ''}"
        name = word.rstrip(".").title() if word.istitle() or word.isupper() else ""
        if name and name in (*MONTHS, *SHORT_MONTHS, "Sept"):
            names = MONTHS if name in MONTHS else DOTTED_MONTHS if word.endswith(".") else SHORT_MONTHS
            month = counterpart(MONTH, MONTHS.index(name) if name in MONTHS else SHORT_MONTHS.index(name[:3]))
            return _like(word, names[month])
        if name in WEEKDAYS or name in SHORT_WEEKDAYS:
            names = WEEKDAYS if name in WEEKDAYS else SHORT_WEEKDAYS
            if len(old) != 10 or date.fromisoformat(old).weekday() != names.index(name):
                raise ValueError(f"{name} is not the weekday of {old}")
            return _like(word, names[date.fromisoformat(new).weekday()]) + ("." if word.endswith(".") else "")
        return word

    return PART.sub(rewritten_part, text)


def _like(old: str, name: str) -> str:
    return name.upper() if old.isupper() else name
