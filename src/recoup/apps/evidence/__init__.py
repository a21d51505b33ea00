"""The evidence vault: files of a case, encrypted, written once, with their chain of custody."""
