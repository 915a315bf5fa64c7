"""Amazon services behind protocols: carriers of messages, queues, the bus, and keyed hashes."""
