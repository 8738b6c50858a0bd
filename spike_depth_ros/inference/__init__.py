"""Running an exported network: its contract, its engine, its depth images and its health."""
