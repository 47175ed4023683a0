"""One HiveOS account and its farms. Nothing here imports Home Assistant."""
