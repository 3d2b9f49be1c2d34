"""`qp init`: an existing repository gets settings, hook, workflow and a first baseline."""
