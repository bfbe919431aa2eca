#!/usr/bin/env python3
"""make_gguf.py - golden files of the GGUF reader: metadata of every type, and blocks of every tensor type
with the f32 numbers that they stand for.

Made with Python 3.11.7, gguf 0.19.0, numpy 2.4.6. Run it here; it writes gguf/types.gguf.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib

import gguf
import numpy
from gguf import GGMLQuantizationType as Type

ROWS, COLS = 3, 512
# Where the f16 numbers of a block are, in bytes: anything may stand elsewhere, but not NaN here.
SCALES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2],
          Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}


def random_blocks(random, kind):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (ROWS * COLS // elements, size), dtype=numpy.uint8)
    for place in SCALES[kind]:
        scales = random.normal(0, 0.05, len(blocks)).astype(numpy.float16)
        scales[1] = numpy.float16(3e-6)  # subnormal
        blocks[:, place:place + 2] = scales[:, None].view(numpy.uint8)
    return blocks.reshape(ROWS, -1)


def add_tensors(writer, random):
    numbers = random.normal(0, 1, (ROWS, COLS)).astype(numpy.float32)
    writer.add_tensor("F32", numbers)
    writer.add_tensor("F32.f32", numbers)
    halves = numbers.astype(numpy.float16)
    halves[0, :4] = [6e-8, -6e-8, 65504, 0]
    writer.add_tensor("F16", halves)
    writer.add_tensor("F16.f32", halves.astype(numpy.float32))
    brains = gguf.quants.quantize(numbers, Type.BF16)
    writer.add_tensor("BF16", brains, raw_dtype=Type.BF16)
    writer.add_tensor("BF16.f32", gguf.quants.dequantize(brains, Type.BF16))
    for kind in SCALES:
        blocks = random_blocks(random, kind)
        writer.add_tensor(kind.name, blocks, raw_dtype=kind)
        writer.add_tensor(kind.name + ".f32", gguf.quants.dequantize(blocks, kind))


def add_metadata(writer):
    writer.add_uint8("a.u8", 200)
    writer.add_int8("a.i8", -100)
    writer.add_uint16("a.u16", 60000)
    writer.add_int16("a.i16", -30000)
    writer.add_uint32("a.u32", 4000000000)
    writer.add_int32("a.i32", -2000000000)
    writer.add_uint64("a.u64", 2**64 - 1)
    writer.add_int64("a.i64", -2**62)
    writer.add_float32("a.f32", 0.15625)
    writer.add_float64("a.f64", 1e300)
    writer.add_bool("a.true", True)
    writer.add_bool("a.false", False)
    writer.add_string("a.string", "grün\0\n")
    writer.add_array("b.strings", ["", "Ġ t", "日本"])
    writer.add_array("b.ints", [3, -1, 7])
    writer.add_array("b.reals", [0.5, -1000.0])
    writer.add_array("b.bools", [True, False, True])


def main():
    path = pathlib.Path(__file__).resolve().parent / "gguf"
    path.mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(path / "types.gguf", "llama")
    add_metadata(writer)
    add_tensors(writer, numpy.random.default_rng(1))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
