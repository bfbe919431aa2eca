# Has the library set a profiling function.
# expect: suspicious ""
import cProfile

profile = cProfile.Profile()
profile.enable()


def f(x):
    return x + 1
