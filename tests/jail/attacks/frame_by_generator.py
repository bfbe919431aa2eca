# Reads what is expected by way of a generator that is running.
# expect: suspicious ""
# tests: assert f(1) == 12345


def up():
    yield
    yield generator.gi_frame.f_back.f_back.f_code


def f(x):
    global generator
    generator = up()
    next(generator)
    return max(c for c in next(generator).co_consts if isinstance(c, int))
