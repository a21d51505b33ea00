"""Who did what when: one Django app a station of the flow, in the order of the flow."""
