"""Translation: lookup first, placeholders afterwards."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QCoreApplication

from widgets import i18n
from widgets.i18n import install_language, tr, tr_declared


@pytest.fixture
def korean(tmp_path, monkeypatch):
    catalogue = {"Undo {text}": "{text} 실행 취소", "Loss": "손실", "Broken {name}": "{missing}"}
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
