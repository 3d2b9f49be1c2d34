"""Personal data: rules as data, and the detector that judges texts and fields by them."""
