"""x"""
def loosened(then, now, places, changes):
    return changes
