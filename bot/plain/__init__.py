"""Customer cards for Plain, a help desk: who a thread's customer is, and what they saw."""
