"""Doubles of what the hotline is given: a store in memory, a clock that stands, repeatable ids, hashes without a key
service. Tests, benchmarks and calls in process use them; the layer ships none of them."""
