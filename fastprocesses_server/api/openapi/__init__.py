"""The API definition: OpenAPI, made from the registry and the settings."""
