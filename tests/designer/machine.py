"""Random sequences of document edits through the store, with a canvas that follows: shared by CI and the long run."""

from __future__ import annotations

import random
from collections.abc import Callable

from designer.canvas.scene import CanvasScene
from designer.document import Box, DocState, Frame, Note, Point, verbs
from designer.document.chain_text import parse_chain
from designer.document.ports import inputs_of, outputs_of
from designer.document.sheet import card_of, on_sheet
from designer.document.templates import TEMPLATES
from designer.document.templates.blocks import BLOCKS
from designer.document.verbs.blocks import add_block
from designer.document.verbs.repeat import repeat
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.declare import Spec
from engine.files.graph_json import project_bytes
from engine.graph import Edge
from engine.layers import LAYERS
from widgets import tokens


def to_bytes(state: DocState) -> bytes:
    """The state as a file holds it."""
    return project_bytes(state.project())


class Machine:
    """A store, what follows it, and the edits that a person could make, chosen by a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.store = Store()
        self.analyst, self.selection = Analyst(self.store), Selection(self.store)
        self.scene = CanvasScene(self.store.state, self.analyst.analysis, tokens.theme())
        self.store.changed.connect(lambda old, new: self.scene.follow(old, new, self.analyst.analysis))
        self.refused = 0
        self.store.refused.connect(lambda refusal: setattr(self, "refused", self.refused + 1))
        self.states = [self.store.state]

    # ------------------------------------------------------------------ choices

    def some(self, least: int = 1) -> tuple[str, ...]:
        """A few node ids."""
        ids = list(self.store.state.graph.nodes)
        return tuple(self.rng.sample(ids, min(len(ids), self.rng.randint(least, 3)))) if ids else ()

    def wire(self) -> Edge | None:
        """One wire."""
        edges = self.store.state.graph.edges
        return self.rng.choice(edges) if edges else None

    def sizes(self) -> dict[str, tuple[float, float]]:
        """As the canvas measures them."""
        return self.scene.sizes(roomy=True)

    # ------------------------------------------------------------------ edits

    def add(self) -> tuple[object, ...]:
        new = self.store.state.graph.new_id()
        return (verbs.add_node, new, self.rng.choice(list(LAYERS)), Point(self.rng.randrange(-400, 800, 8), 96))

    def insert(self) -> tuple[object, ...]:
        wire, new = self.wire(), self.store.state.graph.new_id()
        sizes = {**self.sizes(), new: (176.0, 128.0)}
        return (verbs.insert_on_wire, wire, new, self.rng.choice(list(LAYERS)), Point(100, 96), sizes) if wire else ()

    def connect(self) -> tuple[object, ...]:
        nodes = self.store.state.graph.nodes
        if len(nodes) < 2:
            return ()
        a, b = self.rng.sample(list(nodes), 2)
        outs, ins = outputs_of(nodes[a].type), inputs_of(nodes[b].type)
        unplug = self.wire() if self.rng.random() < 0.2 else None
        return (verbs.connect, Edge(a, b, ins[0].name if ins else "in", outs[0] if outs else "out"), unplug)

    def disconnect(self) -> tuple[object, ...]:
        wire = self.wire()
        return (verbs.disconnect, (wire,)) if wire else ()

    def remove(self) -> tuple[object, ...]:
        return (self.rng.choice([verbs.remove_nodes, verbs.delete_and_reconnect]), self.some())

    def move(self) -> tuple[object, ...]:
        places = {n: Point(self.rng.randrange(-800, 800, 8), self.rng.randrange(-400, 400, 8)) for n in self.some()}
        return (verbs.move_and_make_room, places, self.sizes())

    def arrange(self) -> tuple[object, ...]:
        ids = self.some(2)
        return self.rng.choice(
            [
                (
                    verbs.align,
                    ids,
                    self.rng.choice(["left", "centre", "right", "top", "middle", "bottom"]),
                    self.sizes(),
                ),
                (verbs.distribute, ids, self.rng.choice(["across", "down"]), self.sizes()),
                (verbs.nudge, ids, 8, -8),
                (verbs.lay_out, None, self.sizes(), ids[0] if ids else None, 900, 48),
                (verbs.lay_out, None, self.sizes(), None, 900, 48, self.rng.choice(["right", "down"])),
                (verbs.set_collapsed, ids, self.rng.random() < 0.6, {n: (0, 16) for n in ids}),
            ]
        )

    def parameter(self) -> tuple[object, ...]:
        ids = self.some()[:1]
        return self.rng.choice(
            [
                (verbs.set_param, ids, "units", self.rng.randint(1, 9)),
                (verbs.set_param, ids, "activation", Spec(self.rng.choice(["relu", "linear", "tanh"]))),
                (verbs.set_param, ids, "dropout", self.rng.choice([0.0, 0.5])),
                (verbs.set_param, ids, "batch_norm", self.rng.choice(["none", "before", "after"])),
                (verbs.reset_param, ids, "units"),
            ]
        )

    def node_state(self) -> tuple[object, ...]:
        ids = self.some()
        name = self.rng.choice(["a", "b", "Dense 1", ""])
        return self.rng.choice(
            [
                (verbs.set_muted, ids, self.rng.random() < 0.5),
                (verbs.set_frozen, ids, self.rng.random() < 0.5),
                (verbs.change_type, ids, self.rng.choice(list(LAYERS))),
                *([(verbs.rename, ids[0], name)] if ids else []),
            ]
        )

    def copy(self) -> tuple[object, ...]:
        text = verbs.dump_fragment(verbs.cut_out(self.store.state, self.some()))
        ids = self.some()
        if ids and self.rng.random() < 0.5:
            fragment = verbs.load_fragment(verbs.dump_fragment(verbs.cut_out(self.store.state, ids)))
            return (verbs.paste, fragment, 40, 40, self.rng.random() < 0.5)
        return (verbs.duplicate, ids, 32, 32) if text else ()

    def convert(self) -> tuple[object, ...]:
        ids = self.some()
        if not ids:
            return ()
        if self.rng.random() < 0.5:
            return (verbs.settings_to_nodes, ids[0], self.sizes())
        return (verbs.nodes_to_settings, ids[0])

    def around(self) -> tuple[object, ...]:
        box = Box(self.rng.randrange(0, 80, 8), 0, 200, 80)
        wire = self.wire()
        return self.rng.choice(
            [
                (verbs.set_training, "batch_size", self.rng.randint(0, 64)),
                (verbs.set_data_field, "validation", self.rng.choice([0.1, 0.3, 2.0])),
                (verbs.set_probes, tuple(f"{n}:output" for n in self.some())),
                (verbs.set_title, self.rng.choice(["x", "y"])),
                (verbs.set_note, "t1", Note(self.rng.choice(["*a*", "b"]), box)),
                (verbs.set_frame, "f1", Frame("f", box)),
                (verbs.set_frame, "f2", Frame("g", box, within=self.store.within)),
                (verbs.duplicate, self.some(), 32, 16, False, self.store.within, (("frame", "f1"), ("note", "t1"))),
                (verbs.remove_note, "t1"),
                (verbs.remove_frame, "f1"),
                (verbs.move_areas, (("frame", "f1"), ("note", "t1")), 16, 8, self.sizes(), self.some()),
                (verbs.recolour, (("frame", "f1"),), self.rng.choice(["", "dense"])),
                (verbs.resize_area, ("frame", "f1"), box),
                (verbs.write_note, "t1", self.rng.choice(["", "c"])),
                *([(verbs.set_reroute, wire, (Point(50, 50),))] if wire else []),
            ]
        )

    def group(self) -> tuple[object, ...]:
        """Groups: made, dissolved, renamed, moved as cards, joined; a block added, a piece repeated."""
        state, ids = self.store.state, self.some(2)
        group = self.rng.choice(list(state.groups)) if state.groups else ""
        members, card = state.groups[group].members if group else ids, card_of(group) if group else ""
        wire, block = self.wire(), self.rng.choice(list(BLOCKS.values()))
        within = group if self.rng.random() < 0.3 and group else None
        return self.rng.choice(
            [
                *[(verbs.group_nodes, ids, self.rng.choice(["", "block"]))] * 3,
                (verbs.group_nodes, (*members, *ids)),
                (verbs.ungroup, members, self.sizes()),
                (verbs.rename_group, group, self.rng.choice(["a", " ", "b c"])),
                (on_sheet, None, verbs.nudge, (card,) if card and card in self.scene.cards else (), 16, 8),
                (on_sheet, within, verbs.lay_out, None, self.sizes(), None, 900, 48),
                (verbs.duplicate, members, 64, 96, False, within),
                (add_block, block.make(None), Point(80, 160), self.sizes(), within, (wire,) if wire else ()),
                (repeat, members, 2, self.sizes(), within, self.rng.random() < 0.3),
                (verbs.join, ids, group or None) if not state.groups else (verbs.rename_group, group, "c"),
            ]
        )

    def enter(self) -> None:
        """The inside of a group, or the network: what is shown is no edit, and the canvas follows there as well."""
        self.scene.sheet.within = self.rng.choice([None, *self.store.state.groups])
        self.scene.sheet.follow()

    def network(self) -> tuple[object, ...]:
        """Many layers at once: a chain from a line, another document's network."""
        after = (*self.some(), None)[0]
        links = parse_chain(self.rng.choice(["dense 3 relu > dropout", "conv 4 3 > flatten > dense 2"]))
        other = TEMPLATES[self.rng.choice(["perceptron", "mlp"])]
        return self.rng.choice(
            [
                (verbs.add_chain, links, after, None, self.sizes()),
                (verbs.add_network, other.make(), Point(0, 320), self.sizes()),
            ]
        )

    def step(self) -> None:
        """One random edit (a refusal counts as one), or an undo or redo on the way."""
        names = ["add", "insert", "connect", "disconnect", "remove", "move", "arrange", "parameter", "node_state"]
        names += ["copy", "convert", "around", "group", "group", "add", "add", "connect", "connect", "insert"]
        if self.rng.random() < 0.1:
            self.rng.choice([self.store.undo, self.store.redo])()
        elif self.rng.random() < 0.1:
            self.enter()
        else:
            edit = getattr(self, self.rng.choice(names))()
            if edit:
                before = self.store.state
                if self.store.attempt("edit", *edit) and self.store.state is before:
                    assert self.store.state == before

    # ------------------------------------------------------------------ what must hold

    def check_canvas(self) -> None:
        """The scene that followed equals one built fresh from the state."""
        fresh = CanvasScene(self.store.state, self.analyst.analysis, tokens.theme())
        fresh.sheet.within = self.scene.sheet.within
        fresh.sheet.follow()
        followed, built = self.scene.snapshot(), fresh.snapshot()
        for part in built:
            assert followed[part] == built[part], f"{part} differ"

    def check_history(self) -> None:
        """Undo-all gives the byte-identical start, redo-all the end, and every state on the way twice the same."""
        end = to_bytes(self.store.state)
        stack = self.store.undo_stack
        while stack.canRedo():
            stack.redo()
        last = to_bytes(self.store.state)
        seen = [last]
        while stack.canUndo():
            stack.undo()
            seen.append(to_bytes(self.store.state))
        assert seen[-1] == to_bytes(DocState()), "undo-all did not give the start"
        again = [seen[-1]]
        while stack.canRedo():
            stack.redo()
            again.append(to_bytes(self.store.state))
        assert again == seen[::-1], "redo went through other states than undo"
        assert end in seen


def run_sequence(seed: int, steps: int, check_every: int, report: Callable[[str], None] | None = None) -> int:
    """One sequence; raises AssertionError with the seed where something does not hold. Returns refused edits."""
    machine = Machine(seed)
    for k in range(steps):
        machine.step()
        if k % check_every == check_every - 1:
            machine.check_canvas()
            assert DocState.of(machine.store.state.project()) == machine.store.state
    machine.check_history()
    machine.check_canvas()
    if report is not None:
        report(f"seed {seed}: {machine.store.undo_stack.count()} undo steps, {machine.refused} refusals")
    return machine.refused
