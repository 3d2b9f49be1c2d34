"""The trigger gateway, a reference: it starts runs, takes their events, and tells who may hear."""
