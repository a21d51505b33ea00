"""What `./recoup` can do: one module a command, and the supervisor that runs the hub.

`main.py` holds the table of commands; nothing here is imported before its command is asked for.
"""
