"""The regular expressions of packs: Python's answers, in linear time."""

from itertools import pairwise, product
from random import Random
import re
import sys
from time import process_time
import warnings

import pytest

from custom_components.antminer_monitor.packs.pattern import (
    MAX_PATTERN,
    MAX_PROGRAM,
    MAX_TEXT,
    PatternError,
    Run,
    compile_pattern,
)
from custom_components.antminer_monitor.packs.pattern_parser import Take

TEXTS = (
    "",
    "a",
    "aab",
    "abcabc",
    "Antminer S19 Pro",
    "WhatsMiner M30S++_V20\n",
    "fw 2024.01-rc3 (BTM)",
    "line one\nline two\n",
    "temp: -12.5 °C, ٣٤ tab\there\xa0",
    "[x] {2} $5 ^_^ ] - \\d",
    "äÄßẞ İiIı Kk ſs",
)

LETTERS: tuple[str, ...] = (
    *"abcA1 ._-}]éİß",
    *(r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\.", r"\-", r"\_", r"\n", r"\b"),
    *("[ab]", "[^a]", "[a-c1]", r"[^\d]", "[]a]", "[^]a]", "[a-]", r"[\w-]", "[A-C]"),
)
REPEATS = ("*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{,2}")

PATTERNS = r"""
S19   Miner   .   ^.*$   .*   a.c   \d+   \D+   (\d+)\.(\d+)   \w+$   \W\w   \s\S+\s
\bM\d   \b   e\b   [a-z]+ [^a-z]   [^\n]+   \[x\] \{2\} \$5 \^_\^   [\]\-\\^]
[]x-]+   [^]]+   [a-c-]+   [\d.]+   [\w\s]+   ^   $   one$   two$   ^$   a|ab   ab|a
x|y|b   a||b   (|a)b   (a|b)+   (?:a|b)+c   (?:(a)|b)*c   ((a)(b))   (x)|a   ()   a*
a*?b   a+?   a??b   a{2}   a{1,2}?   (?:ab?c?){2}   (?:abc){1,}   a{,1}b   a{2,}?b
(?:\d{1,3}\.){1,3}   (?i)ANTMINER (.*) PRO   (?i)[ÄK-S]+   (?i)[^a-z]+   (?i)\w+ß
(?i)[\dK]   }   ]   \t|\r|\n   \°   (a*){2}b   (a*)?b
"""
"""Three blanks between two of them."""


def expected(pattern: str, text: str) -> tuple[bool, str | None]:
    """Give what Python says: whether it matches, and what ``Pattern.search`` gives."""
    with warnings.catch_warnings():
        # It warns of sets within sets, which it has not either.
        warnings.simplefilter("ignore", FutureWarning)
        compiled = re.compile(pattern)
    match = compiled.search(text)
    if match is None:
        return False, None
    return True, match[1] if compiled.groups else match[0]


def answer(pattern: str, text: str) -> tuple[bool, str | None]:
    """Give what our own engine says."""
    compiled = compile_pattern(pattern)
    return compiled.found(text), compiled.search(text)


def whole(pattern: str, text: str) -> tuple[int, int] | None:
    """Give where the whole match is."""
    found = Run(compile_pattern(pattern).program, text).found
    return None if found is None else found.span


@pytest.mark.parametrize("pattern", ["", *re.split("\n|   ", PATTERNS.strip("\n"))])
def test_same_as_python(pattern: str) -> None:
    """Each thing that the subset has, on a few texts."""
    for text in TEXTS:
        assert answer(pattern, text) == expected(pattern, text), text


def refusal(pattern: str) -> str:
    """Give why an expression is refused; empty if it is not."""
    try:
        compile_pattern(pattern)
    except PatternError as err:
        return str(err)
    return ""


class Grammar:
    """Writes expressions at random."""

    def __init__(self, random: Random) -> None:
        """Take the source of chance."""
        self.random = random

    def expression(self) -> str:
        """Give one."""
        return ("(?i)" if self.random.random() < 0.2 else "") + self.part(5)

    def part(self, depth: int) -> str:
        """Give a part of one."""
        chance = self.random.random()
        if depth == 0 or chance < 0.3:
            return self.random.choice(LETTERS)
        inner = self.part(depth - 1)
        opening = self.random.choice(("(", "(?:"))
        if chance < 0.45:
            return inner + self.part(depth - 1)
        if chance < 0.5:
            return f"^{inner}"
        if chance < 0.55:
            return f"{inner}$"
        if chance < 0.65:
            return f"{opening}{inner})"
        if chance < 0.75:
            return f"{opening}{inner}|{self.part(depth - 1)})"
        if chance < 0.8:
            return f"{inner}|{self.part(depth - 1)}"
        if chance < 0.83:
            return f"{opening}{inner}|)"
        repeat: str = self.random.choice(REPEATS) + self.random.choice(("", "?"))
        return f"{opening}{inner}){repeat}"


@pytest.mark.parametrize("seed", range(4))
def test_same_as_python_whatever_the_pattern(seed: int) -> None:
    """Expressions and texts at random: the same matches, and the same groups."""
    random = Random(seed)
    grammar = Grammar(random)
    compared = matched = 0
    for _ in range(1500):
        pattern = grammar.expression()
        # Of what the grammar writes nothing else is refused.
        if re.search("nothing|place|longer|too much", refusal(pattern)):
            continue
        for _ in range(4):
            text = "".join(
                random.choices("aabbcAB1 \n._-éÉİißẞ]", k=random.randint(0, 10))
            )
            wanted = expected(pattern, text)
            assert answer(pattern, text) == wanted, (pattern, text)
            match = re.search(pattern, text)
            assert whole(pattern, text) == (match and match.span()), (pattern, text)
            compared += 1
            matched += wanted[0]
    assert compared > 5000
    assert 0.3 < matched / compared < 0.95


@pytest.mark.parametrize("seed", range(4))
def test_noise_means_what_python_says_or_is_refused(seed: int) -> None:
    """Marks at random: nothing is taken that Python would take otherwise."""
    random = Random(seed)
    taken = 0
    for _ in range(5000):
        pattern = "".join(
            random.choices("ab1()[]{}*+?|^$.\\-,:=!<>idwsbn2", k=random.randint(1, 9))
        )
        if refusal(pattern):
            continue
        taken += 1
        for text in ("", "ab1", "ba-{2}\n", "aab(b)^$."):
            assert answer(pattern, text) == expected(pattern, text), (pattern, text)
    assert taken > 500


@pytest.mark.parametrize(
    ("pattern", "character", "reason"),
    [
        ("a(?=b)", 2, r"a group (?= is not supported"),
        ("a(?!b)", 2, r"a group (?! is not supported"),
        ("(?<=a)b", 1, r"a group (?< is not supported"),
        ("(?<!a)b", 1, r"a group (?< is not supported"),
        ("(?P<n>a)", 1, r"a group (?P is not supported"),
        ("(?>a)", 1, r"a group (?> is not supported"),
        ("(?#a)", 1, r"a group (?# is not supported"),
        ("(?(1)a)", 1, r"a group (?( is not supported"),
        ("a(?i)b", 2, r"a group (?i is not supported"),
        ("(?s).", 1, r"a group (?s is not supported"),
        ("(?i:a)", 1, r"a group (?i is not supported"),
        ("(*a)", 1, r"a group (*a is not supported"),
        (r"(a)\1", 4, r"\1 is not supported"),
        (r"\0", 1, r"\0 is not supported"),
        (r"\Aa", 1, r"\A is not supported"),
        (r"a\Z", 2, r"\Z is not supported"),
        (r"\B", 1, r"\B is not supported"),
        (r"\x41", 1, r"\x is not supported"),
        (r"\u0041", 1, r"\u is not supported"),
        (r"\N{DASH}", 1, r"\N is not supported"),
        (r"\q", 1, r"\q is not supported"),
        (r"[\b]", 2, r"\b is not supported"),
        ("ab\\", 3, "a backslash at the end"),
        ("[a\\", 3, "a backslash at the end"),
        ("a*+", 3, "possessive repeats are not supported"),
        ("a{2}+", 5, "possessive repeats are not supported"),
        ("a**", 3, "a repeat of a repeat"),
        ("a+?*", 4, "a repeat of a repeat"),
        ("a{2}{3}", 5, "a repeat of a repeat"),
        ("*a", 1, "nothing that * could repeat"),
        ("a|+", 3, "nothing that + could repeat"),
        ("(?)", 1, "a group (?) is not supported"),
        ("{2}", 1, "nothing that { could repeat"),
        ("^*", 2, "a place cannot be repeated"),
        (r"\b+", 3, "a place cannot be repeated"),
        ("(a*)*", 5, "repeats what can match nothing"),
        ("(?:a|b?){1,3}", 9, "repeats what can match nothing"),
        ("(?:^){2,}", 6, "a place cannot be repeated"),
        ("(?:a?b*)+", 9, "repeats what can match nothing"),
        ("a{", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{}", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{,}", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{x}", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{1,2,3}", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{²}", 2, r"no repeat such as {2} or {2,5}; write \{"),
        ("a{3,2}", 2, "repeats at most fewer times than at least"),
        ("a{0}", 2, "repeats never"),
        ("a{,0}", 2, "repeats never"),
        ("(a", 1, "a ( without its )"),
        ("(a|(b)", 1, "a ( without its )"),
        ("a)b", 2, "a ) without its ("),
        ("x[a", 2, "a [ without its ]"),
        ("[]", 1, "a [ without its ]"),
        ("[^]", 1, "a [ without its ]"),
        ("[a-", 1, "a [ without its ]"),
        ("[xz-a]", 3, "no range of characters"),
        (r"[\d-z]", 2, "no range of characters"),
        (r"[a-\d]", 2, "no range of characters"),
        ("(?i)[\0-\uffff]", 5, "too many characters for (?i)"),
        ("(?i)[a-\u0fff][b-\u0fff]", 10, "too many characters for (?i)"),
        ("a{2001}", 2, "repeats too much"),
        ("a{0,1001}", 2, "repeats too much"),
        ("a{2000,}", 2, "repeats too much"),
        ("a{1999,}", 1, "repeats too much"),
        ("(?:a{50}){50}", 10, "repeats too much"),
        ("(((a{99}){99}){99}){99}", 10, "repeats too much"),
        ("a{999999999999999999}", 2, "repeats too much"),
        ("a{1000}b{1000}", 1, "repeats too much"),
        ("(" * 21 + ")" * 21, 21, "groups nested deeper than 20"),
        ("a" * 201, 201, "longer than 200 characters"),
    ],
)
def test_what_is_refused(pattern: str, character: int, reason: str) -> None:
    """All else is refused, with what it is and where."""
    with pytest.raises(PatternError) as found:
        compile_pattern(pattern)
    assert str(found.value) == f"character {character}: {reason}"
    assert found.value.position == character - 1


def test_the_largest_that_is_taken() -> None:
    """Up to the limits all is well."""
    assert compile_pattern("a" * MAX_PATTERN).found("a" * MAX_PATTERN)
    largest = compile_pattern(f"a{{{MAX_PROGRAM - 1}}}")
    assert len(largest.program) == MAX_PROGRAM
    assert largest.found("a" * (MAX_PROGRAM - 1))
    assert not largest.found("a" * (MAX_PROGRAM - 2))
    assert compile_pattern("(" * 20 + "a" + ")" * 20).search("ba") == "a"
    assert compile_pattern("(?:){999999999999}").search("a") == ""


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        ("(a+)+b", "a"),
        ("(a+)+$", "a!"),
        ("(a|aa)*c", "a"),
        ("(a|a?b?a)+c", "a"),
        (".*.*.*x", "a"),
        ("(?:.*a){12}b", "a"),
        ("(?:a?){20}a{20}b", "a"),
        (r"^(\w+\s?)*$", "word! "),
        (r"(?i)([a-z]+[a-z ]*)+\d", "aA "),
        ("(?:a|b|ab)*?c", "ab"),
        ("[ab]*a[ab]{30}c", "ab"),
    ],
)
def test_runaways(pattern: str, piece: str) -> None:
    """What takes others for ever takes as many steps as the text has characters."""
    compiled = compile_pattern(pattern)
    steps = []
    begin = process_time()
    for size in (512, 1024, 2048, 4096):
        text = (piece * size)[:size]
        run = Run(compiled.program, text)
        assert run.found is None
        assert 0 < run.steps <= len(compiled.program) * (size + 1)
        steps.append(run.steps)
    assert process_time() - begin < 10
    for shorter, longer in pairwise(steps):
        assert longer <= 2.05 * shorter


def test_the_largest_expression_on_the_longest_text() -> None:
    """The worst that there is keeps to its bound."""
    compiled = compile_pattern(r"\w{0,990}!")
    begin = process_time()
    run = Run(compiled.program, "a" * MAX_TEXT)
    assert process_time() - begin < 30
    assert run.found is None
    assert run.steps <= len(compiled.program) * (MAX_TEXT + 1)


def test_a_match_ends_the_search() -> None:
    """What follows a match is not looked at."""
    run = Run(compile_pattern("a+?").program, "a" * 4096)
    assert run.found is not None
    assert run.steps < 20


def test_long_texts_are_cut() -> None:
    """Only the beginning of a text counts."""
    compiled = compile_pattern("x$")
    assert compiled.search("a" * (MAX_TEXT - 1) + "xyz") == "x"
    assert compiled.search("a" * MAX_TEXT + "x") is None
    assert not compiled.found("a" * MAX_TEXT + "x")
    assert compile_pattern(".*").search("a" * 9999) == "a" * MAX_TEXT


def test_a_group_without_part_in_the_match() -> None:
    """It matches, yet there is nothing to give."""
    compiled = compile_pattern(r"off|(\d+) W")
    assert compiled.search("it draws 3250 W") == "3250"
    assert compiled.found("off")
    assert compiled.search("off") is None


def test_kinds_of_characters_are_those_of_python() -> None:
    """Of every character there is."""
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    for kind in (r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"):
        take = compile_pattern(kind).program[0]
        matches = re.compile(kind).match
        assert isinstance(take, Take)
        assert [c for c in every if matches(c)] == [c for c in every if take.accepts(c)]


def test_letters_without_regard_to_case_are_those_of_python() -> None:
    """Of every letter that has a form in the other case."""
    groups: dict[str, set[str]] = {}
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        forms = {letter, *letter.lower()[:1], *letter.upper()[:1], *letter.title()[:1]}
        if len(forms) > 1:
            groups.setdefault(min(forms), set()).update(forms)
    # These have more forms than two.
    groups["i"] |= set("iIİı")
    groups["s"] = set("sSſß")
    groups["k"] = set("kK\u212a")
    count = 0
    for forms in groups.values():
        for written, met in product(forms, repeat=2):
            count += 1
            ours = compile_pattern(f"(?i){written}").found(met)
            assert ours == bool(re.search(f"(?i){written}", met)), (written, met)
    assert count > 5000
