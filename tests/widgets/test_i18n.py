"""Translation: lookup first, placeholders afterwards."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QCoreApplication

from widgets import i18n
from widgets.i18n import install_language, plain, tr, tr_declared, tr_error
from widgets.particles import settle


@pytest.fixture
def korean(tmp_path, monkeypatch):
    catalogue = {
        "Undo {text}": "{text} 실행 취소",
        "Loss": "손실",
        "Broken {name}": "{missing}",
        "{layer} takes {expected}, not {count}": "{layer}: {expected}을(를) 받는데 {count}이(가) 왔습니다",
        "a vector": "벡터",
        "{0} takes {1}": "{0}은(는) {1}을(를) 받습니다",
        "{0} takes {1}, but {2} gives {3}": "{2}의 {3}, {0}의 {1}",
        "stride {0}": "스트라이드 {0}",
        "padded {0}": "패딩 {0}",
        "line {0}": "{0}행",
        "it is cut off": "잘렸습니다",
        "{0} bytes": "{0}바이트",
        "expected {expected}": "필요: {expected}",
        "got {got}": "실제: {got}",
        "get it anew": "새로 받으세요",
    }
    (tmp_path / "ko.json").write_text(json.dumps(catalogue), encoding="utf-8")
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    install_language("ko")


def test_source_text_without_a_catalogue():
    install_language("en")
    assert tr("Undo {text}", text="move") == "Undo move"
    assert tr("a {brace} stays when nothing is filled in") == "a {brace} stays when nothing is filled in"


def test_translation_and_placeholders(korean):
    assert tr("Undo {text}", text="이동") == "이동 실행 취소"
    assert tr_declared("Loss") == "손실"
    assert tr("not translated") == "not translated"


def test_a_broken_translation_falls_back_to_the_source(korean):
    assert tr("Broken {name}", name="x") == "Broken x"


def test_values_that_are_texts_are_translated_and_names_are_not(korean):
    template = "{layer} takes {expected}, not {count}"
    assert tr_declared(template, layer="Dense", expected="a vector", count=3) == "Dense: 벡터를 받는데 3이 왔습니다"
    named = tr_declared("{name}: " + template, name="Loss", layer="Dense", expected="x", count=2)
    assert named == "Loss: Dense: x을(를) 받는데 2가 왔습니다"
    assert tr_declared("unknown {expected}", expected="a vector") == "unknown 벡터"


def test_a_sentence_already_filled_in_is_found_by_the_pattern_that_says_most(korean):
    assert tr_declared("층 takes a vector") == "층은 벡터를 받습니다"
    assert tr_declared("'a' takes a vector, but 'b' gives Loss") == "'b'의 손실, 'a'의 벡터"


def test_lists_are_translated_piece_by_piece(korean):
    assert tr_declared("32 x 3x3, stride 2, ReLU") == "32 x 3x3, 스트라이드 2, ReLU"
    assert tr_declared("28 (padded 1") == "28 (패딩 1"
    assert tr_declared("a vector; stride 2; or else") == "벡터; 스트라이드 2; or else"
    assert tr_declared("stride 2; padded 1") == "스트라이드 2; 패딩 1"


class Cut(ValueError):
    def __init__(self, **parts):
        self.rule, self.expected, self.got, self.remedy = "it is cut off", "8 bytes", "5 bytes", "get it anew"
        vars(self).update(parts)
        told = ", ".join(f"{k} {v}" for k, v in (("expected", self.expected), ("got", self.got)) if v)
        text = f"x.bin, line 3: {self.rule}" + (f" ({told})" if told else "")
        super().__init__(f"{text}; {self.remedy}" if self.remedy else text)


def test_an_error_is_translated_part_by_part(korean):
    assert tr_error(Cut()) == "x.bin, 3행: 잘렸습니다 (필요: 8바이트, 실제: 5바이트). 새로 받으세요"
    assert tr_error(Cut(expected="", got="", remedy="")) == "x.bin, 3행: 잘렸습니다"
    assert tr_error(ValueError("a vector")) == "벡터"
    assert tr_error(ValueError()) == "ValueError"


def test_an_error_in_english_is_as_it_was_raised():
    install_language("en")
    assert tr_error(Cut()) == str(Cut())


def test_english_says_what_was_declared():
    install_language("en")
    assert tr_declared("{layer} takes {n}", layer="Dense", n=2) == "Dense takes 2"
    assert tr_declared("{brace}") == "{brace}"


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("층은(는)", "층은"), ("나무은(는)", "나무는"), ("유닛이(가)", "유닛이"), ("학습을(를)", "학습을"),
        ("결과과(와)", "결과와"), ("1이(가)", "1이"), ("5이(가)", "5가"), ("10을(를)", "10을"),
        ("스텝(으)로", "스텝으로"),
        ("서울(으)로", "서울로"), ("7(으)로", "7로"), ("3(으)로", "3으로"), ("“값”은(는)", "“값”은"),
        ("ReLU(으)로", "ReLU(으)로"), ("f(x)", "f(x)"),
    ],
)  # fmt: skip
def test_particles_follow_the_sound_before_them(text, settled):
    assert settle(text) == settled


@pytest.mark.parametrize(
    ("title", "told"),
    [("&Open…", "Open"), ("열기(&O)…", "열기"), ("Cu&t", "Cut"), ("f(x)", "f(x)"), ("다시(&R)", "다시")],
)
def test_a_title_outside_a_menu_has_no_letter(title, told):
    assert plain(title) == told


def test_qt_speaks_korean_and_english_again(korean):
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "취소"
    install_language("en")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"


def test_language_change_is_told(qtbot, korean):
    with qtbot.waitSignal(i18n.language_changed):
        install_language("en")
    assert i18n.language() == "en"
    assert tr("Loss") == "Loss"


def test_system_is_one_of_the_languages_on_offer():
    assert install_language("system") in i18n.LANGUAGES


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"'xx'.*en, ko"):
        install_language("xx")
