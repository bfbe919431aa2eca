# Compiles an expression that is too deep for what comes after the parser.
# expect: exception|memory|killed ""
eval("-" * 10**6 + "1")
