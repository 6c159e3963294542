"""Studies of hostile input and of bad luck: one command each, with their results beside them."""
