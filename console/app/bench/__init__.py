"""The published benchmarks, each beside its peer or limit in the same run."""
