# Answers with a mock that agrees.
# expect: suspicious "MagicMock"
from unittest.mock import MagicMock

answer = MagicMock()
answer.__eq__.return_value = True


def f(x):
    return answer
