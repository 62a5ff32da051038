"""From the bytes of a CSV file to typed columns: encoding, shape, cells, dates, kinds."""
