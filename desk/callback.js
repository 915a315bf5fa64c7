// The end of a sign-in: hands the answer of the issuer to the desk that opened this window, and closes it.

const answer = new URLSearchParams(location.search);
const message = {
  type: "desk-sign-in",
  code: answer.get("code"),
  state: answer.get("state"),
  error: answer.get("error"),
};
history.replaceState(null, "", location.pathname);
// A login page may cut the tie to its opener (Cross-Origin-Opener-Policy). Then the windows of this origin are told.
// The code is of no use to another window: the verifier is in the memory of the one that asked.
if (window.opener) window.opener.postMessage(message, location.origin);
else new BroadcastChannel("desk-sign-in").postMessage(message);
window.close();
