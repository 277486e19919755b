"""An independent reader of .pth files, of Python's standard library alone: prints each tensor's name, storage type, shape
and CRC-32, and fails on what torch.load(weights_only=True) would not take. `python3 read_pth.py FILE`"""
import pickle
import pickletools
import struct
import sys
import zipfile
import zlib
from collections import OrderedDict

SIZES = {"Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1}


class Tensor:
    def __init__(self, storage, offset, shape, strides, requires_grad, hooks):
        kind, data = storage
        assert not requires_grad and not hooks and isinstance(hooks, OrderedDict)
        step, count = SIZES[kind], 1
        for size, stride in reversed(list(zip(shape, strides))):
            assert stride == count or size == 1, (shape, strides)
            count *= max(size, 1) if 0 in shape else size
        assert offset == 0 and len(data) == step * (0 if 0 in shape else count), (kind, shape, len(data))
        self.text = f"{kind} {list(shape)} {zlib.crc32(data):08x}"


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return Tensor
        assert module == "torch" and name.endswith("Storage"), (module, name)
        return name.removesuffix("Storage")

    def persistent_load(self, identity):
        storage, kind, key, device, size = identity
        assert storage == "storage" and device == "cpu"
        data = archive.read(top + "/data/" + key)
        assert len(data) == SIZES[kind] * size
        return kind, data


archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
infos = archive.infolist()
top = infos[0].filename.split("/")[0]
assert infos[0].filename == top + "/data.pkl"
assert archive.read(top + "/version") == b"3\n" and archive.read(top + "/byteorder") == b"little"
for info in infos:
    assert info.compress_type == zipfile.ZIP_STORED and info.filename.startswith(top + "/")
    with open(sys.argv[1], "rb") as file:
        file.seek(info.header_offset)
        header = file.read(30)
    assert header[:4] == b"PK\x03\x04"
    start = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    assert start % 64 == 0, (info.filename, start)
with archive.open(top + "/data.pkl") as file:
    assert max(op.proto for op, _, _ in pickletools.genops(file.read())) == 2
with archive.open(top + "/data.pkl") as file:
    for name, tensor in Reader(file).load().items():
        print(name, tensor.text)
for info in infos:
    if info.filename.startswith(top + "/extra/"):
        print(info.filename.removeprefix(top + "/"), archive.read(info).decode())
