"""The hotline on one machine: launcher, call simulator, inbox, demo wallet. Nothing that is deployed imports it."""
