# Is called at each collection of garbage, wherever that is.
# expect: suspicious|passed ""
import gc

gc.callbacks.append(lambda *arguments: None)
gc.set_threshold(1)


def f(x):
    return x + 1
