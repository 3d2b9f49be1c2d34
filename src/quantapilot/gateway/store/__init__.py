"""The gateway's store: who may what, runs, their events and what is to be delivered, durably."""
