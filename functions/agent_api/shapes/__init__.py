"""The forms of requests and answers of the agents' API. docs/openapi-agent.json is written from them."""
