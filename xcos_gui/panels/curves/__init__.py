"""Counts and rates at the threshold, and the histograms, ROC and DET that go with them."""
