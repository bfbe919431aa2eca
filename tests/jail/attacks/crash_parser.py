# Compiles an expression that is too deep.
# expect: exception|memory|killed "Error"
eval("(" * 10**5 + ")" * 10**5)
