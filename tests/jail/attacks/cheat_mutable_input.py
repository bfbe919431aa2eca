# Changes its argument, which the tests compute what they expect from.
# expect: passed|suspicious|exception ""
# tests: numbers = [3, 1, 2]
# tests: assert f(numbers) == sorted(numbers)


def f(x):
    x.clear()
    return []
