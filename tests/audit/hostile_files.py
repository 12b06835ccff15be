"""Artifacts whose file is damaged or made to harm, for tampering.py.

`CONTAINERS` edit the open HDF5 file, `FILES` its bytes or its name; with class and complaint.
"""

import gzip
import json
import os
import pickle
from pathlib import Path

import h5py
import numpy as np

UNREADABLE, MISMATCH = "artifact_unreadable", "config_mismatch"
N = 32
FIELD = np.zeros((N, N), "f4")


def text(file, name, value):
    """Store a text as the engine does."""
    file.attrs[name] = np.array(value, h5py.string_dtype("utf-8", len(value)))


def replaced(file, name, **keywords):
    del file[name]
    file.create_dataset(name, **keywords)


def deleted(name):
    return lambda file: file.__delitem__(name)


def field(**keywords):
    """final_rho made anew."""
    return lambda file: replaced(file, "final_rho", **keywords)


def linked(name, link):
    def change(file):
        if name in file:
            del file[name]
        file[name] = link

    return change


def extra(**keywords):
    return lambda file: file.create_dataset("extra", **keywords)


def virtual(name, side):
    def change(file):
        layout = h5py.VirtualLayout((side, side), "f4")
        layout[:] = h5py.VirtualSource("/etc/hostname", "x", (side, side))
        if name in file:
            del file[name]
        file.create_virtual_dataset(name, layout)

    return change


def skipped_checksum(file):
    replaced(file, "final_rho", shape=(N, N), dtype="f4", chunks=(N, N), fletcher32=True)
    file["final_rho"].id.write_direct_chunk((0, 0), FIELD.tobytes(), filter_mask=1)


def filter_that_is_not_there(file):
    del file["final_rho"]
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((N, N))
    creation.set_filter(305, h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple((N, N))
    kind = h5py.h5t.NATIVE_FLOAT
    dataset = h5py.h5d.create(file.id, b"final_rho", kind, space, creation)
    dataset.write_direct_chunk((0, 0), FIELD.tobytes())


def many_groups(file):
    for index in range(100_000):
        h5py.h5g.create(file.id, b"g%d" % index)


def many_attributes(file):
    for index in range(40):
        file["final_rho"].attrs[f"note{index}"] = np.zeros(8_000)


def deep_config(file):
    text(file, "config", "[" * 60_000)


def config_with(**values):
    return lambda f: text(f, "config", json.dumps({**json.loads(f.attrs["config"]), **values}))


def bomb(file):
    zeros = np.zeros(20_000_000)
    replaced(file, "diagnostics/t", data=zeros, chunks=(65_536,), compression="gzip")


def extra_levels(file):
    for leaf in ("mean", "min", "max"):
        file.create_dataset(f"pyramid/final_rho/2/{leaf}", data=FIELD[::2, ::2], fletcher32=True)


def scaled_axis(file):
    file["x"][...] = file["x"][...] * 2


CONTAINERS = {
    "id edited": (lambda f: text(f, "config_hash", "0" * 40), MISMATCH, "its attribute"),
    "config of an unknown key": (config_with(colour="red"), MISMATCH, "colour"),
    "config of 60,000 brackets": (deep_config, MISMATCH, "config"),
    "config in a heap": (
        lambda f: f.attrs.create("config", "{}" + " " * 1_000_000), MISMATCH, "fixed length",
    ),
    "config as a number": (lambda f: f.attrs.create("config", 7), MISMATCH, "config"),
    "config as bytes": (lambda f: text(f, "config", b"\xff{}"), UNREADABLE, "config"),
    "no config": (lambda f: f.attrs.__delitem__("config"), UNREADABLE, "no such attribute"),
    "a later schema": (lambda f: f.attrs.modify("schema_version", 2), UNREADABLE, "schema"),
    "time as text": (lambda f: f["checkpoint"].attrs.create("t", "now"), UNREADABLE, "@t"),
    "time NaN": (lambda f: f.attrs.create("t_end", np.nan), UNREADABLE, "t_end"),
    "no final ψ": (deleted("final_psi"), UNREADABLE, "final_psi"),
    "no checkpoint": (deleted("checkpoint"), UNREADABLE, "checkpoint"),
    "no history": (deleted("history"), UNREADABLE, "history"),
    "another shape": (field(data=np.zeros((16, 64), "f4")), UNREADABLE, "shape"),
    "another type": (field(data=np.zeros((N, N), "f8")), UNREADABLE, "data type"),
    "another byte order": (field(data=np.zeros((N, N), ">f4")), UNREADABLE, "data type"),
    "texts": (field(shape=(N, N), dtype=h5py.string_dtype()), UNREADABLE, "data type"),
    "pickles": (field(shape=(N, N), dtype=h5py.vlen_dtype(np.uint8)), UNREADABLE, "data type"),
    "references": (field(shape=(N, N), dtype=h5py.ref_dtype), UNREADABLE, "data type"),
    "a type for a field": (linked("final_rho", np.dtype("f4")), UNREADABLE, "final_rho"),
    "a group for a field": (
        lambda f: [f.__delitem__("final_rho"), f.create_group("final_rho")],
        UNREADABLE, "final_rho",
    ),
    "no checksums": (field(data=FIELD, chunks=(N, N)), UNREADABLE, "no checksums"),
    "no chunks": (field(data=FIELD), UNREADABLE, "no checksums"),
    "a skipped checksum": (skipped_checksum, UNREADABLE, "chunks stored"),
    "a hole": (
        field(shape=(N, N), dtype="f4", chunks=(8, 8), fletcher32=True),
        UNREADABLE, "chunks stored",
    ),
    "compressed": (field(data=FIELD, compression="gzip"), UNREADABLE, "compressed"),
    "a filter that is not there": (filter_that_is_not_there, UNREADABLE, "compressed"),
    "a gzip bomb": (bomb, UNREADABLE, "compressed"),
    "a virtual field": (virtual("final_rho", N), UNREADABLE, "virtual"),
    "an extra virtual 40 GB": (virtual("extra", 100_000), UNREADABLE, "extra"),
    "an extra 40 GB never written": (
        extra(shape=(100_000, 100_000), dtype="f4", chunks=(256, 256)), UNREADABLE, "extra",
    ),
    "an extra number": (extra(data=1.0), UNREADABLE, "extra"),
    "a field in another file": (
        field(shape=(N, N), dtype="f4", external=[("/etc/passwd", 0, 4096)]), UNREADABLE, "file",
    ),
    "a field linked from outside": (
        linked("final_rho", h5py.ExternalLink("/etc/hostname", "/x")), UNREADABLE, "link",
    ),
    "a link out, beside": (
        linked("extra", h5py.ExternalLink("/etc/hostname", "/x")), UNREADABLE, "extra",
    ),
    "a link out, for H5Web": (
        linked("entry/final/final_rho", h5py.ExternalLink("/etc/hostname", "/x")),
        UNREADABLE, "entry/final",
    ),
    "a link in a circle": (linked("final_rho", h5py.SoftLink("/final_rho")), UNREADABLE, "link"),
    "a group in itself": (lambda f: linked("history/all", f["/"])(f), UNREADABLE, "history"),
    "a named type": (linked("extra", np.dtype("f4")), UNREADABLE, "extra"),
    "100,000 groups": (many_groups, UNREADABLE, "members"),
    "attributes of 2.5 MB": (many_attributes, UNREADABLE, "bytes"),
    "a name of two lines": (
        lambda f: f["diagnostics"].create_dataset("a\nb", data=1), UNREADABLE, "a b",
    ),
    "levels that no small grid has": (
        extra_levels, UNREADABLE, "pyramid",
    ),
    "an axis × 2": (scaled_axis, UNREADABLE, "i·L/N"),
}  # fmt: skip


def bit_flipped(name):
    """A bit of a dataset's first chunk."""

    def change(path):
        with h5py.File(path, "r") as file:
            dataset = file[name]
            place = dataset.id.get_chunk_info(0).byte_offset
        data = bytearray(path.read_bytes())
        data[place + 100] ^= 1
        path.write_bytes(data)

    return change


def byte_set(place, value):
    def change(path):
        data = bytearray(path.read_bytes())
        data[place] = value
        path.write_bytes(data)

    return change


def beyond_the_end(path):
    """A field without chunks, whose address lies a terabyte after the file."""
    with h5py.File(path, "r+") as file:
        replaced(file, "final_rho", data=FIELD)
        place = file["final_rho"].id.get_offset()
    size, data = FIELD.nbytes.to_bytes(8, "little"), path.read_bytes()
    address = place.to_bytes(8, "little") + size
    assert data.count(address) == 1
    path.write_bytes(data.replace(address, (2**40).to_bytes(8, "little") + size))


def instead(make):
    """Something else under the artifact's name."""

    def change(path):
        path.unlink()
        make(path)

    return change


def _write(path, content):
    path.write_bytes(content)


def renamed(name):
    return lambda path: path.rename(path.with_name(name))


def cut(share):
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def packed(path):
    path.write_bytes(gzip.compress(path.read_bytes()))


def padded(path):
    path.write_bytes(b"#!/bin/sh\n".ljust(512, b"\n") + path.read_bytes())


def symlink(target):
    return instead(lambda path: path.symlink_to(target))


FILES = {
    "a bit of ψ flipped": (bit_flipped("final_psi"), UNREADABLE, "final_psi"),
    "a bit of the history flipped": (bit_flipped("history/rho"), UNREADABLE, "history/rho"),
    "a bit of a diagnostic flipped": (bit_flipped("diagnostics/gain"), UNREADABLE, "gain"),
    "a bit of an axis flipped": (bit_flipped("x"), UNREADABLE, ":x"),
    "the signature damaged": (byte_set(1, 0), UNREADABLE, "signature"),
    "the superblock damaged": (byte_set(13, 77), UNREADABLE, "an error"),
    "cut to 99.9 %": (cut(0.999), UNREADABLE, "truncated"),
    "cut to a half": (cut(0.5), UNREADABLE, "truncated"),
    "cut to nothing": (cut(0), UNREADABLE, "an error"),
    "a terabyte of hole after it": (lambda p: os.truncate(p, 2**40), UNREADABLE, "bytes"),
    "a field beyond the end": (beyond_the_end, UNREADABLE, "final_rho"),
    "something before it": (padded, UNREADABLE, "user block"),
    "zipped": (packed, UNREADABLE, "signature"),
    "prose": (instead(lambda path: _write(path, b"not HDF5\n" * 1000)), UNREADABLE, "signature"),
    "a pickle": (instead(lambda path: _write(path, pickle.dumps([1]))), UNREADABLE, "signature"),
    "a directory": (instead(Path.mkdir), UNREADABLE, "not a file"),
    "a pipe": (instead(os.mkfifo), UNREADABLE, "not a file"),
    "a device": (symlink("/dev/zero"), UNREADABLE, "not a file"),
    "a link to /etc/passwd": (symlink("/etc/passwd"), UNREADABLE, "signature"),
    "a link to itself": (
        instead(lambda path: path.symlink_to(path)), UNREADABLE, "symbolic links",
    ),
    "a link to nowhere": (symlink("/nowhere/at-all"), "artifact_missing", "no such file"),
    "no file": (instead(lambda path: None), "artifact_missing", "no such file"),
    "another run's name": (renamed(f"rho_history_{'0' * 40}.h5"), MISMATCH, "0000"),
    "a name without an id": (renamed("rho_history.h5"), "bad input", "40 hex digits"),
    "an id in capitals": (renamed(f"rho_history_{'A' * 40}.h5"), "bad input", "40 hex digits"),
}  # fmt: skip
