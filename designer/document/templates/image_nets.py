"""Templates of convolutional networks: LeNet-5, VGG-like, residual, inception, U-Net-like."""

from __future__ import annotations

from designer.document.state import DocState
from designer.document.templates.sketch import Sketch, Template

CONV = "conv {filters} 3 same relu he"


def lenet5() -> DocState:
    """Two convolutions, two average pools, three dense layers. LeCun, Bottou, Bengio, Haffner 1998."""
    s = Sketch()
    s.chain("input 1x28x28 > conv 6 5 same tanh > avgpool 2 > conv 16 5 tanh > avgpool 2 > flatten",
            "digit, C1, S2, C3, S4, flatten")  # fmt: skip
    s.chain("dense 120 tanh > dense 84 tanh > dense 10 softmax > output ce", "C5, F6, class scores, class")
    return s.document("LeNet-5", "mnist_5k", "adam", 0.001, 12, 64)


def vgg_like() -> DocState:
    """Pairs of 3x3 convolutions, doubled at each pool. Simonyan and Zisserman 2015, in small."""
    s = Sketch()
    s.chain("input 1x28x28", "garment")
    for k, filters in enumerate((16, 32), 1):
        conv = CONV.format(filters=filters)
        s.chain(f"{conv} > {conv} > pool 2", f"conv {k}a, conv {k}b, pool {k}")
    s.chain("flatten > dense 128 relu he dropout=0.5 > dense 10 softmax > output ce",
            "flatten, dense, class scores, class")  # fmt: skip
    return s.document("VGG-like", "fashion_mnist", "adam", 0.001, 8, 64)


def residual() -> DocState:
    """Two blocks y = relu(x + F(x)); the second halves the image, so its path takes a 1x1. He et al. 2016."""
    s = Sketch()
    stem = s.chain("input 1x8x8 > conv 16 3 same relu bn he", "digit, stem")
    s.chain("conv 16 3 same relu bn he > conv 16 3 same bn he", "block 1 conv a, block 1 conv b")
    s.merge("add", (stem, s.last), "add 1")
    first = s.chain("relu", "relu 1")
    s.chain("conv 32 3 2 same relu bn he > conv 32 3 same bn he", "block 2 conv a, block 2 conv b")
    main = s.last
    path = s.chain("conv 32 1 2 same bn he", "block 2 path", after=first)
    s.merge("add", (path, main), "add 2")
    s.chain("relu > gap > dense 10 softmax > output ce", "relu 2, average, class scores, class")
    return s.document("Residual network", "digits", "adam", 0.003, 12, 32)


def inception() -> DocState:
    """Four looks at the same maps side by side: 1x1, 3x3, 5x5 and a pool. Szegedy et al. 2015."""
    s = Sketch()
    stem = s.chain("input 1x28x28 > conv 16 3 same relu he > pool 2", "digit, stem, pool")
    looks = (
        s.chain("conv 8 1 relu he", "look 1x1", stem),
        s.chain("conv 8 1 relu he > conv 16 3 same relu he", "reduce 3x3, look 3x3", stem),
        s.chain("conv 4 1 relu he > conv 8 5 same relu he", "reduce 5x5, look 5x5", stem),
        s.chain("pool 3 1 same > conv 8 1 relu he", "look around, project", stem),
    )
    s.merge("concat", looks, "all looks")
    s.chain("gap > dense 10 softmax > output ce", "average, class scores, class")
    return s.document("Inception block", "mnist_5k", "adam", 0.003, 10, 64)


def unet_like() -> DocState:
    """Down and up again with bridges at each size; it takes noise from digits. Ronneberger et al. 2015, in small."""
    s = Sketch()
    s.chain("input 1x28x28 > gaussian_noise 0.4", "digit, noise")
    wide = s.chain(CONV.format(filters=8), "down 28")
    middle = s.chain(f"pool 2 > {CONV.format(filters=16)}", "pool 14, down 14")
    s.chain(f"pool 2 > {CONV.format(filters=32)} > up 2", "pool 7, bottom, up 14")
    s.merge("concat", (middle, s.last), "bridge 14")
    s.chain(f"{CONV.format(filters=16)} > up 2", "mix 14, up 28")
    s.merge("concat", (wide, s.last), "bridge 28")
    s.chain(f"{CONV.format(filters=8)} > conv 1 1 > output mse field=x", "mix 28, pixels, clean digit")
    return s.document("U-Net-like", "mnist_5k", "adam", 0.002, 8, 32)


IMAGE = (
    Template("lenet5", "LeNet-5", "The first convolutional network that read cheques.", lenet5),
    Template("vgg_like", "VGG-like", "Pairs of 3 x 3 convolutions, pools between.", vgg_like),
    Template("residual", "Residual network", "Blocks with a path around them.", residual),
    Template("inception", "Inception block", "1 x 1, 3 x 3, 5 x 5 and a pool side by side.", inception),
    Template("unet_like", "U-Net-like", "Down and up with bridges; cleans noisy digits.", unet_like),
)
