"""Event packets, from bytes to counts: one file per encoding, a registry, the sensor clock."""
