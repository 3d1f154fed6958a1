"""The outside effects of the workflows, one class per kind of effect, with their clients injected."""
