"""Planes as VTK's XML image data (.vti), for ParaView and kin.

The numbers lie behind the XML as they are in memory, each array behind its length in bytes.
Source: VTK File Formats, "XML File Formats", ImageData and appended raw data.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from xml.sax.saxutils import quoteattr

import numpy as np

_TYPES = {"f4": "Float32", "f8": "Float64", "c8": "Float32", "c16": "Float64"}


def write_image(
    stream: BinaryIO,
    planes: Mapping[str, np.dtype],
    read: Callable[[str], np.ndarray],
    n: int,
    spacing: float,
    attributes: Mapping[str, Any],
) -> None:
    """Write n × n planes over their coordinates, one in memory at a time.

    Args:
        stream: takes the bytes.
        planes: their types by name; a complex one becomes two components, real and imaginary.
        read: gives a plane, shape (y, x).
        n: points along a side.
        spacing: between two points.
        attributes: texts and numbers, as field data.
    """
    order = "LittleEndian" if sys.byteorder == "little" else "BigEndian"
    extent = f"0 {n - 1} 0 {n - 1} 0 0"
    lines = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="ImageData" version="1.0" byte_order="{order}" header_type="UInt64">',
        f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{spacing!r} {spacing!r} 1">',
        "<FieldData>",
        *(_text(name, str(value)) for name, value in attributes.items()),
        f'</FieldData><Piece Extent="{extent}"><PointData Scalars="final_rho">',
    ]
    offset = 0
    for name, dtype in planes.items():
        parts = 'NumberOfComponents="2" ComponentName0="real" ComponentName1="imaginary" '
        lines.append(
            f'<DataArray type="{_TYPES[dtype.str[1:]]}" Name={quoteattr(name)} '
            f'{parts if dtype.kind == "c" else ""}format="appended" offset="{offset}"/>'
        )
        offset += 8 + n * n * dtype.itemsize
    lines.append('</PointData></Piece></ImageData><AppendedData encoding="raw">_')
    stream.write("\n".join(lines).encode())
    for name in planes:
        data = np.ascontiguousarray(read(name))
        stream.write(np.uint64(data.nbytes).tobytes())
        stream.write(data.data)
    stream.write(b"\n</AppendedData></VTKFile>\n")


def _text(name: str, text: str) -> str:
    """A text as VTK stores it: the numbers of its bytes, and a 0 at the end."""
    numbers = " ".join(map(str, [*text.encode(), 0]))
    return (
        f'<Array type="String" Name={quoteattr(name)} NumberOfTuples="1" format="ascii">'
        f"{numbers}</Array>"
    )
