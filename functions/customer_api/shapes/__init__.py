"""The forms of requests and answers. docs/openapi.json is written from them (`make schemas`)."""
