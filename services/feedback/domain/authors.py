"""Who wrote a report, if they said so: what a name may hold, and their details masked in words."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from services.feedback.domain.reports import ReportRefusedError

MASK = "[…]"
MOST_CHARACTERS = {"name": 100, "phone": 20, "email": 100, "address": 200}
FEWEST_TO_MASK = 3
"""A shorter detail is part of too many words to be found in them."""
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's categories of signs that nobody sees: they would make one name look like another."""
PHONE = re.compile(r"\+?[0-9][0-9 .()-]{5,18}", re.ASCII)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Script(StrEnum):
    """Alphabets whose letters look alike."""

    LATIN = "LATIN"
    CYRILLIC = "CYRILLIC"
    GREEK = "GREEK"


@dataclass(frozen=True, slots=True)
class Author:
    """A report's author by their own words. Kept sealed, apart from the report."""

    name: str
    phone: str = ""
    email: str = ""
    address: str = ""

    def details(self) -> tuple[str, ...]:
        return tuple(one for one in (self.name, self.phone, self.email, self.address) if one)


def author_of(name: str, phone: str, email: str, address: str) -> Author | None:
    """The author as they name themselves, in composed letters; None where every field is empty.

    Raises `ReportRefusedError` for details without a name, for too long ones, for signs that nobody
    sees, for a name of letters that only look alike, and for what is no number or address.
    """
    given = {"name": name, "phone": phone, "email": email, "address": address}
    given = {field: _composed(field, text) for field, text in given.items()}
    if not any(given.values()):
        return None
    if not given["name"]:
        raise ReportRefusedError("author_name", "is asked where a way to reach its author is given")
    if len(scripts := _scripts(given["name"])) > 1:
        raise ReportRefusedError("author_name", f"mixes letters of {' and '.join(scripts)}")
    if given["phone"] and not PHONE.fullmatch(given["phone"]):
        raise ReportRefusedError("author_phone", "is a telephone number: 6 to 20 digits")
    if given["email"] and not EMAIL.fullmatch(given["email"]):
        raise ReportRefusedError("author_email", "is an e-mail address: somebody@somewhere.vn")
    return Author(**given)


def mask(words: str, author: Author) -> str:
    """`words` with the author's own details masked, however they are written: with or without
    diacritics, in capitals or not, a number with or without spaces and its country's prefix."""
    for detail in sorted(author.details(), key=len, reverse=True):
        if len(detail) >= FEWEST_TO_MASK:
            words = _mask_one(words, detail)
    return words


def _composed(field: str, text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(sign) in INVISIBLE for sign in text):
        raise ReportRefusedError(f"author_{field}", "holds a sign that nobody sees")
    if len(text) > MOST_CHARACTERS[field]:
        rule = f"has at most {MOST_CHARACTERS[field]} characters; {len(text)} came"
        raise ReportRefusedError(f"author_{field}", rule)
    return text


def _scripts(name: str) -> list[str]:
    found = {unicodedata.name(sign, "").partition(" ")[0] for sign in name if sign.isalpha()}
    return sorted(script for script in Script if script in found)


def _mask_one(words: str, detail: str) -> str:
    folded, places = _folded(words)
    masked, end = [], 0
    for found in _pattern(detail).finditer(folded):
        first, last = places[found.start()], places[found.end() - 1]
        masked += [words[end:first], MASK]
        end = last + 1
        while end < len(words) and unicodedata.combining(words[end]):
            end += 1
    return "".join([*masked, words[end:]])


def _pattern(detail: str) -> re.Pattern[str]:
    if PHONE.fullmatch(detail):
        national = re.sub(r"^(84|0)", "", re.sub(r"\D", "", detail))
        return re.compile(r"(?:\+?84|0)?" + "".join(rf"[\s.()-]{{0,3}}{one}" for one in national))
    folded = _folded(detail)[0].split()
    return re.compile(r"\s+".join(re.escape(part) for part in folded))


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in small letters without diacritics, and which sign of it each came from."""
    letters, places = [], []
    for place, sign in enumerate(text):
        plain = sign.replace("đ", "d").replace("Đ", "d").casefold()
        for letter in unicodedata.normalize("NFD", plain):
            if not unicodedata.combining(letter):
                letters.append(letter)
                places.append(place)
    return "".join(letters), places
