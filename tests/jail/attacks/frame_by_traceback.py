# Reads what is expected by way of an exception's traceback.
# expect: suspicious ""
# tests: assert f(1) == 12345


def f(x):
    try:
        raise ValueError
    except ValueError as error:
        code = error.__traceback__.tb_frame.f_back.f_code
    return max(c for c in code.co_consts if isinstance(c, int))
