"""The JSON API, one module per resource; all of it below `/api/v1`."""
