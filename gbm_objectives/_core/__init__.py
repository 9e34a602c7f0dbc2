"""Ground for all rooms: numerics, rows, sketches, draws, validation."""
