"""Forms generated from declared parameters: for selected nodes, for the training set-up, for the data."""
