// The Amazon Connect agent workspace: tells the desk which contact it was opened for, and sends a call to the line. It is
// fetched in a frame alone: elsewhere the SDK would only wait for a host that never answers.

import { Problem } from "./api.js";
import { AgentClient, AmazonConnectApp, ContactClient } from "./vendor/amazon-connect/workspace.js";

const CONNECT_MS = 5000;
const ANSWER_MS = 10_000;
/** The attribute by which the task of a case names it. */
const CASE_ATTRIBUTE = "case_id";

/**
 * Follow the contact of the workspace. `on_contact(id, send)` is called when the desk is opened for a call, with the id
 * that the call began under, since a transfer makes a new one. `send(name)` transfers the call to a quick connect.
 * `on_case(id)` is called for the task of a case, `on_end(id)` when a call ends. Returns at once.
 */
export function followWorkspace({ on_contact, on_case, on_end }) {
  const { provider } = AmazonConnectApp.init({
    onCreate: async ({ context }) => {
      if (context.scope?.type !== "contact") return;
      const { contactId } = context.scope;
      const contacts = new ContactClient(provider);
      const case_id = await findCase(contacts, contactId);
      if (case_id) {
        on_case(case_id);
        return;
      }
      let id = contactId;
      try {
        id = (await contacts.getInitialContactId(contactId)) || contactId;
      } catch {
        // Without the right to see the contact's details its own id has to do.
      }
      contacts.onCleared(() => on_end(id), contactId);
      on_contact(id, (name) => transfer(contacts, new AgentClient(provider), contactId, name));
    },
    onDestroy: async () => {},
    workspace: { connectionTimeout: CONNECT_MS },
  });
}

/** The case of a task; undefined for a call, and without the right to see what the contact is. */
async function findCase(contacts, contactId) {
  try {
    const { type } = await contacts.getChannelType(contactId);
    return type === "task" ? await contacts.getAttribute(contactId, CASE_ATTRIBUTE) : undefined;
  } catch {
    return undefined;
  }
}

/** Transfer the call to the quick connect of this name, one of those of its queue. Raises Problem: the call stays. */
async function transfer(contacts, agent, contactId, name) {
  const quick_connect = await answered(findQuickConnect(contacts, agent, contactId, name));
  if (!quick_connect) throw new Problem({ code: "no_quick_connect" });
  await answered(contacts.transfer(contactId, quick_connect));
}

async function findQuickConnect(contacts, agent, contactId, name) {
  const { queueARN } = await contacts.getQueue(contactId);
  let nextToken;
  do {
    const page = await agent.listQuickConnects(queueARN, nextToken ? { nextToken } : {});
    const found = page.quickConnects.find((one) => one.name === name);
    if (found) return found;
    ({ nextToken } = page);
  } while (nextToken);
  return undefined;
}

/** What the workspace answers, if it does so in time and without an error. Raises Problem. */
async function answered(answer) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(refuse, ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    throw new Problem({ code: "not_sent_to_line" });
  } finally {
    clearTimeout(timer);
  }
}
