# Fails with an exception whose class has no proper name.
# expect: exception ""


class Meta(type):
    def __getattribute__(cls, name):
        raise RuntimeError(name)


class Strange(Exception, metaclass=Meta):
    pass


Strange.__module__ = 5
raise Strange("x")
