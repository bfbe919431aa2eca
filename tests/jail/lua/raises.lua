error "at the start"
