"""quantize.py MODEL.gguf FOLDER - a model in the types that llama.cpp computes in.

By llama.cpp's own quantiser, from the model brought back to f32 first. The types are those that
products can be done in; in q4_0 the embedding, which is the head too, is what the quantiser
chooses (q8_0), in q4_0_all q4_0 like the rest.

pip install llama-cpp-python

SPDX-License-Identifier: Apache-2.0
"""
import ctypes
import os
import sys

import llama_cpp

TYPES = {
    "f16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
    "bf16": llama_cpp.LLAMA_FTYPE_MOSTLY_BF16,
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
    "q4_0_all": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}


def quantize(source, target, ftype, pure=False):
    how = llama_cpp.llama_model_quantize_default_params()
    how.ftype, how.pure, how.allow_requantize = ftype, pure, True
    if llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(how)) != 0:
        sys.exit(f"quantize.py: {source}: llama.cpp cannot make {target}")


def main():
    source, folder = sys.argv[1:]
    unfinished = folder + ".part"
    os.makedirs(unfinished, exist_ok=True)
    base = f"{unfinished}/f32.gguf"
    quantize(source, base, llama_cpp.LLAMA_FTYPE_ALL_F32)
    for name, ftype in TYPES.items():
        quantize(base, f"{unfinished}/{name}.gguf", ftype, pure=name.endswith("_all"))
    os.rename(unfinished, folder)


main()
