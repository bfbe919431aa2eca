# Takes all memory in the function that is tested.
# expect: memory "MemoryError"
# option: memory=256


def f(x):
    return [bytes(1 << 20) for _ in range(1 << 20)]
