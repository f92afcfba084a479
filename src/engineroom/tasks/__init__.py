"""LOSS: one file per kind of question. A task knows what an answer means, how it is graded and scored, and shown."""
