"""driver - answers many small questions in one Python process.

Each line of standard input is a JSON list. ["value", code, expression] asks for the
value of the expression after the code, as its repr. ["run", program] asks for what
`python3 -c program` would print on an exception, or for nothing when there is none.
An answer is one line, with newlines and backslashes escaped. The programs are ours
and all of them terminate.
SPDX-License-Identifier: Apache-2.0
"""

import functools
import json
import sys
import traceback
import warnings

warnings.simplefilter("ignore")


@functools.lru_cache(maxsize=4096)
def names_of(code):
    names = {}
    exec(compile(code, "<string>", "exec"), names)
    return names


def run(program):
    try:
        code = compile(program, "<string>", "exec")
    except SyntaxError as error:
        return "".join(traceback.format_exception_only(type(error), error))
    try:
        exec(code, {"__name__": "__main__"})
    except Exception as error:
        frames = error.__traceback__.tb_next  # without this file's own frame
        return "".join(traceback.format_exception(type(error), error, frames))
    return ""


def answer(question):
    if question[0] == "value":
        return repr(eval(question[2], names_of(question[1])))
    return run(question[1])


for line in sys.stdin:
    text = answer(json.loads(line))
    print(text.replace("\\", "\\\\").replace("\n", "\\n"))
