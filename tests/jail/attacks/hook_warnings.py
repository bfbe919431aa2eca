# Has warnings raise, and shows them itself.
# expect: passed ""
import warnings

warnings.simplefilter("error")
warnings.showwarning = lambda *arguments, **named: 1 / 0


def f(x):
    return x + 1
