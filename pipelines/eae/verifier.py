# verifier.py - check_event, which the tests of every problem call: what is wrong with the event?
#
# Runs before every program (the prelude of evaluator.python). The function becomes a builtin: those
# that tests call are watched, so that a program that replaces it does not pass. It has builtins of
# its own, and what it reads of the event are plain texts, so that no method of the program's is
# asked whether the event is right.
#
# SPDX-License-Identifier: Apache-2.0


class Malformed(Exception):
    pass


def plain(text):
    """A text as it is compared: without case, outer space and an article in front."""
    words = text.casefold().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)


def text_of(role, entity):
    text = vars(entity).get("name") if hasattr(entity, "__dict__") else None
    if type(text) is not str:
        kind = type(entity).__name__
        raise Malformed(f"{role}: must hold entities that have a name, and holds a {kind}")
    return text


def texts_of(event, name):
    """All arguments of the event: texts as written, by role and text as compared."""
    if type(event).__name__ != name or not hasattr(event, "__dict__"):
        raise Malformed(f"must be an instance of {name}, not of {type(event).__name__}")
    given = {}
    for role, value in vars(event).items():
        if type(value) not in (list, tuple):
            raise Malformed(f"{role}: must be a list of entities, not a {type(value).__name__}")
        for entity in value:
            text = text_of(role, entity)
            given.setdefault((role, plain(text)), text)
    return given


def differences(expected, given):
    """What is wrong, one line each, in an order that depends on nothing else."""
    roles = {text: role for role, text in expected}
    wrong = sorted(key for key in given if key not in expected and key[1] in roles)
    spurious = sorted(key for key in given if key[1] not in roles)
    placed = [text for role, text in wrong]
    missing = [key for key in expected if key not in given and key[1] not in placed]
    return (
        [f'missing: {key[0]} "{expected[key]}"' for key in missing]
        + [f'wrong role: "{given[key]}" is {roles[key[1]]}, not {key[0]}' for key in wrong]
        + [f'spurious: {key[0]} "{given[key]}"' for key in spurious]
    )


def counts(expected, given):
    """What f1.sql reads."""
    texts = {text for role, text in expected}
    found = sum(text in texts for role, text in given)
    right = sum(key in expected for key in given)
    return f"expected {len(expected)}, given {len(given)}, text right {found}, role right {right}"


def check_event(event, name, gold):
    """What is wrong with the event, or "". gold: the texts by role, none in two roles."""
    expected = {(role, plain(text)): text for role in gold for text in gold[role]}
    try:
        given = texts_of(event, name)
    except Malformed as error:
        return str(error)
    lines = differences(expected, given)
    return "\n".join([counts(expected, given)] + lines) if lines else ""


def install():
    import builtins

    own = {"__builtins__": dict(vars(builtins)), "Malformed": Malformed}
    for function in (plain, text_of, texts_of, differences, counts, check_event):
        own[function.__name__] = type(function)(function.__code__, own)
        del globals()[function.__name__]
    builtins.check_event = own["check_event"]


install()
del install, Malformed
