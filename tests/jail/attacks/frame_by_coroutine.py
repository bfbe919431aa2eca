# Reads what is expected by way of a coroutine that is running.
# expect: suspicious ""
# tests: assert f(1) == 12345


async def up():
    return coroutine.cr_frame.f_back.f_back.f_code


def f(x):
    global coroutine
    coroutine = up()
    try:
        coroutine.send(None)
    except StopIteration as end:
        return max(c for c in end.value.co_consts if isinstance(c, int))
