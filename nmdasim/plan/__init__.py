"""One run made concrete: plain arrays, randomness drawn, what to record."""
