"""A checkpoint such as Lightning's trainer saves, by Python's own pickle: a state dict, and beside it whatever a trainer, its
callbacks and its configuration hold. The modules that it names are made here and exist nowhere else.

lightning_checkpoint.py OUT PROTOCOL"""
import collections
import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import operator
import pathlib
import pickle
import re
import struct
import sys
import types
import typing
import uuid
import zipfile


def module(name):
    made = sys.modules[name] = types.ModuleType(name)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules.get(parent) or module(parent), last, made)
    return made


def put(place, thing, name=None):
    """Makes `thing` one of module `place`."""
    name = name or thing.__name__
    thing.__module__, thing.__name__, thing.__qualname__ = place, name, name
    setattr(sys.modules.get(place) or module(place), name, thing)
    return thing


def new_class(place, name, bases=(), **members):
    return put(place, type(name, bases, members), name)


# PyTorch's part.
class FloatStorage:
    pass


put("torch", FloatStorage)


def _rebuild_tensor_v2(*_):
    raise NotImplementedError


def _rebuild_parameter(*_):
    raise NotImplementedError


put("torch._utils", _rebuild_tensor_v2)
put("torch._utils", _rebuild_parameter)
STORAGES = []


class Storage:
    def __init__(self, values):
        self.key, self.values = str(len(STORAGES)), values
        STORAGES.append(self)


class Tensor:
    def __init__(self, *values):
        self.storage = Storage(values)

    def __reduce_ex__(self, _):
        n = len(self.storage.values)
        return _rebuild_tensor_v2, (self.storage, 0, (n,), (1,), False, collections.OrderedDict())


class Parameter(Tensor):
    def __reduce_ex__(self, protocol):
        tensor = Tensor.__new__(Tensor)
        tensor.storage = self.storage
        return _rebuild_parameter, (tensor, True, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            return "storage", FloatStorage, thing.key, "cpu", len(thing.values)
        return None


# What only Python knows.
Callback = new_class("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
Early = new_class("pytorch_lightning.callbacks.early_stopping", "EarlyStopping")
AttributeDict = new_class("pytorch_lightning.utilities.parsing", "AttributeDict", (dict,))
Slots = new_class("trainer.parts", "Slots", (), __slots__=("a", "b"))
Names = new_class("trainer.parts", "Names", (list,))
Text = new_class("trainer.parts", "Text", (str,))
Number = new_class("trainer.parts", "Number", (int,))
Stateful = new_class("trainer.parts", "Stateful", (), __getstate__=lambda self: [1, 2],
                     __setstate__=lambda self, state: None)
Coded = new_class("trainer.parts", "Coded")
copyreg.add_extension("trainer.parts", "Coded", 240)
Mode = put("trainer.parts", enum.Enum("Mode", "MIN MAX"), "Mode")
Pair = put("trainer.parts", collections.namedtuple("Pair", "x y"), "Pair")
with_keys = new_class("trainer.parts", "WithKeys", (), __getnewargs_ex__=lambda self: ((1,), {"key": 2}))


def scalar(*_):
    raise NotImplementedError


put("numpy.core.multiarray", scalar)
dtype = new_class("numpy", "dtype", (), __init__=lambda self, *a: None,
                  __reduce__=lambda self: (dtype, ("f8", False, True), (3, "<", None, None, None, -1, -1, 0)))
float64 = new_class("numpy", "float64", (), __reduce__=lambda self: (scalar, (dtype(), struct.pack("<d", 0.5))))
torch_size = new_class("torch", "Size", (tuple,))
device = new_class("torch", "device", (), __init__=lambda self, *a: None, __reduce__=lambda self: (device, ("cuda", 0)))


def set_state(thing, state):
    pass


put("cloudpickle.cloudpickle", set_state)
function = new_class("cloudpickle.cloudpickle", "function", (),
                     __reduce__=lambda self: (function, (), {"f": 1}, None, None, set_state))


def config(content, parent=None):
    """omegaconf's DictConfig: nodes know their parents."""
    kind = getattr(sys.modules.get("omegaconf.dictconfig"), "DictConfig", None) or new_class(
        "omegaconf.dictconfig", "DictConfig")
    meta = getattr(sys.modules.get("omegaconf.base"), "ContainerMetadata", None) or new_class(
        "omegaconf.base", "ContainerMetadata")
    node, metadata = kind(), meta()
    metadata.ref_type, metadata.object_type, metadata.flags = typing.Any, dict, {"struct": True}
    node._metadata, node._parent = metadata, parent
    node._content = {key: config(value, node) if isinstance(value, dict) else value for key, value in content.items()}
    return node


def checkpoint():
    slots = Slots()
    slots.a = slots.b = 1
    itself = Coded()
    itself.me, itself.all = itself, {itself}
    state = collections.OrderedDict(weight=Tensor(1.0, 2.0), bias=Parameter(3.0))
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    ordered = collections.OrderedDict(a=1)
    ordered.extra = [1]
    things = [slots, Names([1, 2]), Text("x"), Number(7), Stateful(), itself, Mode.MIN, Pair(1, 2), float64(),
              torch_size((1, 2)), device(), function(), ordered, set(), {1, "a"}, frozenset({2, 3}), bytearray(b"ab"),
              b"bytes" * 100, 1 << 200, -(1 << 70), 2.5, 1j, None, ..., NotImplemented, type(None), int, dict,
              range(3), slice(1, 2), collections.Counter("aab"), collections.deque([1], 3),
              collections.defaultdict(list, a=[1]), collections.defaultdict(functools.partial(int, 1)),
              collections.ChainMap({}), types.SimpleNamespace(a=1), datetime.datetime.now(), datetime.timedelta(1),
              datetime.timezone.utc, pathlib.PurePosixPath("/a/b"), uuid.UUID(int=5), decimal.Decimal("1.5"),
              fractions.Fraction(1, 3), re.compile("a.b"), operator.itemgetter(1), "abc".join, [].append, len, str.join,
              collections.OrderedDict.fromkeys, typing.List[int], typing.Any, ValueError("no"), "\udc80", ("t",) * 4, (), with_keys()]
    return {
        "epoch": 3, "global_step": 470000, "pytorch-lightning_version": "1.4.2",
        "callbacks": {Callback: {"best_model_score": Tensor(9.0), "best_model_path": "/x", "dirpath": Callback()},
                      Early: Early(), "ModelCheckpoint{'monitor': None}": {}},
        "hyper_parameters": AttributeDict(lr=1e-4, unet=config({"target": "ldm", "params": {"ch": 3, "mult": [1, 2]}})),
        "things": things,
        "loops": {"fit_loop": {"state_dict": {}}},
        "optimizer_states": [{"state": {0: {"step": 5, "exp_avg": Tensor(8.0)}}, "param_groups": [{"params": [0]}]}],
        "state_dict": state,
    }


def main():
    out, protocol = sys.argv[1], int(sys.argv[2])
    with zipfile.ZipFile(out, "w") as archive:
        with archive.open("archive/data.pkl", "w") as file:
            Pickler(file, protocol=protocol).dump(checkpoint())
        for storage in STORAGES:
            archive.writestr("archive/data/" + storage.key, struct.pack(f"<{len(storage.values)}f", *storage.values))


main()
