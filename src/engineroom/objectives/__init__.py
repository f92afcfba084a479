"""LOSS: ways of studying. An objective says who is on stage (the cast) and who learns from what (the players)."""
