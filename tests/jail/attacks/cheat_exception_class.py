# Raises an exception that every handler takes for its own.
# expect: suspicious|exception ""
# tests: try:
# tests:     f(1)
# tests: except KeyError:
# tests:     pass
# tests: else:
# tests:     assert False


class Meta(type):
    def __instancecheck__(cls, instance):
        return True


class Any(ValueError, metaclass=Meta):
    __class__ = KeyError


def f(x):
    raise Any
