// The parts of the Amazon Connect SDK that the desk uses, as one module.
export { AmazonConnectApp } from "@amazon-connect/app";
export { AgentClient, ContactClient } from "@amazon-connect/contact";
