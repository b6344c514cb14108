# An installed distribution may bring a "tests" of its own (gpuhunt does): with this file, ours is found first.
