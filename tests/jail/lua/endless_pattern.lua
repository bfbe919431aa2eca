return (("a"):rep(40):find((".-"):rep(30) .. "b"))
