# Answers with a view of a mapping, which hands comparisons on.
# expect: suspicious ""
# tests: assert f(1) == {1: 2}
import types


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return types.MappingProxyType({1: Yes()})
