"""corpus - plain code for continued pre-training, as JSON lines on stdout: modules of this Python.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sysconfig

BYTES = 1 << 20

library = sysconfig.get_path("stdlib")
left = BYTES
for name in sorted(os.listdir(library)):
    if name.endswith(".py") and left > 0:
        with open(os.path.join(library, name), encoding="utf-8") as file:
            text = file.read()
        left -= len(text)
        print(json.dumps({"text": text}))
