# Fails with what a generator ends by.
# expect: exception "GeneratorExit"


def f(x):
    raise GeneratorExit
