"""Pure functions state -> state: every edit there is. A refusal is an exception; nothing has changed then."""

from designer.document.verbs.areas import (
    move_areas,
    recolour,
    remove_areas,
    resize_area,
    retitle,
    write_note,
)
from designer.document.verbs.arrange import (
    align,
    distribute,
    lay_out,
    move_and_make_room,
    move_nodes,
    nudge,
    place_missing,
)
from designer.document.verbs.cards import set_collapsed
from designer.document.verbs.chain import add_chain, add_network
from designer.document.verbs.convert import has_stages, nodes_to_settings, settings_to_nodes
from designer.document.verbs.fixes import apply_fix
from designer.document.verbs.fragment import Fragment, cut_out, dump_fragment, duplicate, load_fragment, paste
from designer.document.verbs.groups import group_nodes, ungroup
from designer.document.verbs.insert import insert_before, insert_on_wire, thread_on_wire
from designer.document.verbs.nodes import (
    add_node,
    change_type,
    delete_and_reconnect,
    new_name,
    remove_nodes,
    rename,
    set_frozen,
    set_muted,
)
from designer.document.verbs.notes import (
    frame_around,
    remove_frame,
    remove_group,
    remove_note,
    set_frame,
    set_group,
    set_note,
)
from designer.document.verbs.params import param_value, reset_param, set_param
from designer.document.verbs.setup import (
    set_data,
    set_data_field,
    set_probes,
    set_title,
    set_training,
    set_training_setup,
)
from designer.document.verbs.wires import (
    connect,
    disconnect,
    lazy_connect,
    refusal_of,
    set_reroute,
)

__all__ = [
    "Fragment",
    "add_chain",
    "add_network",
    "add_node",
    "align",
    "apply_fix",
    "change_type",
    "connect",
    "cut_out",
    "delete_and_reconnect",
    "disconnect",
    "distribute",
    "dump_fragment",
    "duplicate",
    "frame_around",
    "group_nodes",
    "has_stages",
    "insert_before",
    "insert_on_wire",
    "lay_out",
    "lazy_connect",
    "load_fragment",
    "move_and_make_room",
    "move_areas",
    "move_nodes",
    "new_name",
    "nodes_to_settings",
    "nudge",
    "param_value",
    "paste",
    "place_missing",
    "recolour",
    "refusal_of",
    "remove_areas",
    "remove_frame",
    "remove_group",
    "remove_nodes",
    "remove_note",
    "rename",
    "reset_param",
    "resize_area",
    "retitle",
    "set_collapsed",
    "set_data",
    "set_data_field",
    "set_frame",
    "set_frozen",
    "set_group",
    "set_muted",
    "set_note",
    "set_param",
    "set_probes",
    "set_reroute",
    "set_title",
    "set_training",
    "set_training_setup",
    "settings_to_nodes",
    "thread_on_wire",
    "ungroup",
    "write_note",
]
