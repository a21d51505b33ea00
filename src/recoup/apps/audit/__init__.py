"""The trail of acts: everyone adds, nobody edits."""
