"""What was accepted and is owed: the inbox, the worker, and a file for each kind of job."""
