"""Korean particles that depend on the sound before them: ``층 3은(는)`` becomes ``층 3은``.

A catalogue writes both forms, as ``은(는)``, ``이(가)``, ``을(를)``, ``과(와)`` and ``(으)로``, because a placeholder
may end in anything. After hangul and figures the right one is known; after other letters both stay, as in print.
"""

from __future__ import annotations

import re

_BOTH = re.compile(r"([가-힣0-9])([\"'”’»)\]]*)(은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로)")
_CLOSED, _OPEN = ("은", "이", "을", "과", "으로"), ("는", "가", "를", "와", "로")
_WRITTEN = ("은(는)", "이(가)", "을(를)", "과(와)", "(으)로")
_ROAD = 4
#: how the name of a figure ends: 영 일 이 삼 사 오 육 칠 팔 구
_CLOSED_FIGURES, _LIQUID_FIGURES = "013678", "178"
_FINALS, _RIEUL = 28, 8


def settle(text: str) -> str:
    """The text with every particle settled that can be."""
    return _BOTH.sub(_chosen, text) if "(" in text else text


def _chosen(match: re.Match[str]) -> str:
    last, between, written = match.groups()
    which = _WRITTEN.index(written)
    if last.isdigit():
        closed, liquid = last in _CLOSED_FIGURES, last in _LIQUID_FIGURES
    else:
        final = (ord(last) - ord("가")) % _FINALS
        closed, liquid = final > 0, final == _RIEUL
    if which == _ROAD and liquid:
        closed = False
    return last + between + (_CLOSED if closed else _OPEN)[which]
