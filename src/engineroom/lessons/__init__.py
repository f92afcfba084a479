"""One file a lesson: a claim about deep learning, checked on the spot with this package's own code. `LESSON.run` tells
it on a Board."""
