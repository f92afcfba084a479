"""Network output → prediction: sampling, beam search, Viterbi, peaks."""
