return { judge = 1 }
