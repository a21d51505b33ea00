"""Reports that belong together, the accounts in them, tasks and the timeline."""
