# Has the clock stand still for tests that measure.
# expect: suspicious ""
# tests: import time
# tests: start = time.perf_counter()
# tests: f(1)
# tests: assert time.perf_counter() - start < 0.01
import time

slow = time.sleep
time.perf_counter = lambda: 0.0


def f(x):
    slow(0.05)
