// The Amazon Connect agent workspace: tells the desk which contact it was opened for. Outside of it there is nothing to
// follow, and the SDK would only wait for a host that never answers.

/** Whether another page shows this one in a frame. */
export const inFrame = () => window.parent !== window;

const CONNECT_MS = 5000;

/**
 * Follow the contact of the workspace. `on_contact(id)` is called when the desk is opened for a contact, with the id that
 * the contact began under, since a transfer makes a new one; `on_end(id)` when it ends. Returns at once.
 */
export async function followWorkspace({ on_contact, on_end }) {
  if (!inFrame()) return;
  const { AmazonConnectApp, ContactClient } = await import("./vendor/amazon-connect/workspace.js");
  const { provider } = AmazonConnectApp.init({
    onCreate: async ({ context }) => {
      if (context.scope?.type !== "contact") return;
      const { contactId } = context.scope;
      const contacts = new ContactClient(provider);
      let id = contactId;
      try {
        id = (await contacts.getInitialContactId(contactId)) || contactId;
      } catch {
        // Without the right to see the contact's details its own id has to do.
      }
      contacts.onCleared(() => on_end(id), contactId);
      on_contact(id);
    },
    onDestroy: async () => {},
    workspace: { connectionTimeout: CONNECT_MS },
  });
}
