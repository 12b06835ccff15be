"""The hunt: search space, strategies, fitness, the executors and the loop."""
