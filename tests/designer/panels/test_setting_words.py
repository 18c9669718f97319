"""Settings by their declared labels and titles, in the language in force; names of layers as a person gave them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication

from designer.document.settings_diff import differences
from designer.panels.setting_words import difference_words
from engine.declare import Spec
from engine.graph import DataSetup, TrainingSetup
from tests.engine.training.nets import mlp, project
from widgets import i18n


@pytest.fixture
def language(qapp: QCoreApplication) -> Iterator[None]:
    yield
    i18n.install_language("en")


def told() -> dict[str, tuple[str, ...]]:
    a = project(mlp((4, 8, 3), weight_init=Spec("uniform", {"low": -1.0})), optimizer=Spec("sgd", {"rate": 0.1}))
    b = project(mlp((4, 8, 3), "relu", batch_norm="before", weight_init=Spec("he_normal")), shuffle=False,
                optimizer=Spec("adam", {"rate": 0.2}), batch_size=64)  # fmt: skip
    c = project(mlp((4, 8, 8, 3)))
    return dict(difference_words(d) for d in differences([a, b, c]))


def test_labels_and_titles_instead_of_ids(language: None) -> None:
    found = told()
    assert found["dense 1 · activation"][:2] == ("tanh", "ReLU")
    assert found["dense 1 · batch norm"][:2] == ("none", "before")
    assert found["optimizer"][:2] == ("SGD", "Adam")
    assert found["optimizer · learning rate"][:2] == ("0.1", "0.2")
    assert found["batch"][1] == "64" and found["shuffle"][1] == "no"
    assert [v[:2] for n, v in found.items() if n.startswith("dense 1 · ") and n.endswith(" · low")] == [("-1", "-")]
    assert ("-", "-", "yes") in found.values() or ("-", "-", "Dense") in found.values(), "a layer more and its wire"
    assert not any("_" in word for name, values in found.items() for word in (name, *values))


def test_in_korean_too(language: None) -> None:
    english = told()
    i18n.install_language("ko")
    korean = told()
    assert len(korean) == len(english) and korean.keys() != english.keys()
    assert any(name.startswith("dense 1 · ") for name in korean), "a person's own name stays"
    plain = [n for n in korean if n in english and " → " not in n and (" · " in n or n == "optimizer")]
    assert not plain, plain


def test_data(language: None) -> None:
    a = project(mlp((2, 4, 2)))
    b = type(a)(a.graph, TrainingSetup(), DataSetup(Spec("spiral", {"noise": 0.5}), validation=0.1))
    found = dict(difference_words(d) for d in differences([a, b]))
    assert found["source"][1] == "Spiral" and found["source · noise"][1] == "0.5" and "validation" in found
