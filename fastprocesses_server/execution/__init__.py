"""One request: mode, inputs, outputs, results. Pure: no HTTP framework, no Redis."""
