"""Korean is complete: every text that a person may see is translated, keeps its placeholders, and is still said."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from resources import translate

ROOT = Path(__file__).resolve().parents[2]
SOURCES = translate.texts()
KOREAN = translate.catalogue("ko")
HANGUL = re.compile("[가-힣]")
# What stays as it is in Korean too: names of layers, optimizers, people and formats, formulas, file settings.
LATIN = re.compile(r"[A-Za-z0-9_ ²×%^|+*/=(){}.,:&-]*")
LATIN_SENTENCE = 3


def test_nothing_is_untranslated() -> None:
    missing = [f"{SOURCES[text]}: {text!r}" for text in SOURCES if text not in KOREAN]
    assert not missing, f"{len(missing)} texts lack Korean; see resources/translate.py ko\n" + "\n".join(missing)


def test_nothing_is_stale() -> None:
    assert not [text for text in KOREAN if text not in SOURCES], "python resources/translate.py ko --write drops them"


def slips(text: str, korean: str) -> list[str]:
    """What a translation must share with its source and does not."""
    same = {
        "placeholders": translate.placeholders,
        "letter that opens a menu entry": lambda t: t.count("&"),
        "dialog follows": lambda t: t.endswith(("…", "...")),
        "space at the ends": lambda t: (t[:1] == " ", t[-1:] == " "),
        "has words": bool,
    }
    return [f"{what}: {text!r} -> {korean!r}" for what, told in same.items() if told(text) != told(korean)]


def test_translations_keep_what_the_program_fills_in() -> None:
    assert [slip for text, korean in KOREAN.items() for slip in slips(text, korean)] == []


@pytest.mark.parametrize(
    ("text", "korean"),
    [("{count} of {all}", "{all} {all}"), ("{a:.1f}", "{a}"), ("&Run", "실행"), ("Open…", "열기"), (" at", "에서")],
)
def test_a_slip_is_found(text: str, korean: str) -> None:
    assert len(slips(text, korean)) == 1


def test_what_stays_latin_is_a_name_or_a_formula() -> None:
    plain = [t for t, korean in KOREAN.items() if not HANGUL.search(korean)]
    sentences = [t for t in plain if not LATIN.fullmatch(t) or len(re.findall(r"[a-z]{2,}", t)) > LATIN_SENTENCE]
    assert not sentences


def test_menu_letters_of_a_menu_differ() -> None:
    """Two entries of one menu under the same letter would need two strokes each."""
    for file in sorted({f for f in SOURCES.values() if f.startswith("designer/app/commands/")}):
        letters = [m[1].upper() for t, f in SOURCES.items() if f == file and (m := re.search("&(.)", KOREAN.get(t, t)))]
        english = [m[1].upper() for t, f in SOURCES.items() if f == file and (m := re.search("&(.)", t))]
        assert sorted(letters) == sorted(english), file


def test_every_tr_has_a_literal() -> None:
    files = [file for room in ("designer", "widgets") for file in sorted((ROOT / room).rglob("*.py"))]
    told = [(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]
    assert [offence for name, text in told for offence in translate.offences(name, text)] == []


@pytest.mark.parametrize("text", ['tr(f"{count} nodes")', "tr(title)", "tr()", 'tr("a" + name)', "tr(3)"])
def test_a_tr_without_a_literal_is_found(text: str) -> None:
    assert translate.offences("designer/x.py", f"import os\n{text}\n") == [
        f"designer/x.py:2 {ast.unparse(ast.parse(text))}"
    ]


def test_the_reader_joins_literals_and_finds_each_kind_of_text() -> None:
    assert translate.window_texts(ast.parse('tr(\n "one "\n "two",\n n=1)')) == ["one two"]
    engine = ast.parse(
        'fix = Fix(f"Use {x} of {y + 1}", "k")\nraise ShapeRefusal("r", "{layer} is odd", {}, got="three")'
    )
    assert list(translate.engine_sentences("engine/x.py", engine)) == ["Use {0} of {1}", "{layer} is odd", "three"]
    grown = ast.parse('t = "a kernel"\nif wide:\n t += ", padded"\nraise ShapeRefusal("r", t)')
    assert list(translate.engine_sentences("engine/x.py", grown)) == ["a kernel", "a kernel, padded"]
    form = ast.parse('P = {"seed_of": Int(0, help="Draws.", unit="steps"), "m": Choice("a", "aa", "bb", label="how")}')
    assert list(translate.param_texts(form)) == ["seed of", "Draws.", "steps", "how", "aa", "bb"]


def test_registries_and_findings_are_read() -> None:
    """Texts of each kind that people meet, so that a reader that goes blind is noticed."""
    for text in (
        "&File", "learning rate", "Feature maps that the layer makes: one kernel each.", "Vanishing gradient",
        "{0} cannot feed itself; put another layer between", "Insert Flatten", "stride {0}", "softmax cross-entropy",
        "{0} needs targets 0 or 1, but the data goes from {1} to {2}", "Passes over the training data, at most.",
    ):  # fmt: skip
        assert text in SOURCES, text


def test_missing_and_stale_entries_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(translate, "CATALOGUES", tmp_path)
    monkeypatch.setattr(translate, "texts", lambda: SOURCES)
    first, second = list(SOURCES)[:2]
    entries = {second: "나", first: "가", "no source says this": "다"}
    (tmp_path / "ko.json").write_text(json.dumps(entries), encoding="utf-8")
    assert translate.main(["ko"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == f"{len(SOURCES)} texts, {len(SOURCES) - 2} missing, 1 stale"
    assert "stale    'no source says this'" in told
    assert translate.main(["ko", "--write"]) == 1
    assert list(translate.catalogue("ko")) == [first, second]


def test_reading_texts_loads_no_window() -> None:
    program = "import sys; from resources import translate; translate.texts(); print('PySide6' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "False", told.stderr
