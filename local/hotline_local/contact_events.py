"""Contact events of a simulated call, put on the bus of the stack that answers it.

AWS and MiniStack let nobody put events of the source `aws.connect`, so the stack on this machine believes another one
(parameter ContactEventSource).
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.run import CallView
from connect_sim.simulator.state import CallSetup
from hotline_local.errors import CommandError

if TYPE_CHECKING:
    from hotline_local.launcher.stack import Stack

SOURCE: Final = "connect-sim"
DETAIL_TYPE: Final = "Amazon Connect Contact Event"

type Tell = Callable[[Mapping[str, Any]], None]


class ToldCall:
    """Shows a call, and tells of its contact as it goes on: created, queued, taken by an agent, over. `agent` is the
    user name of the one who takes it. `talk` returns when agent and caller have talked: the simulator knows nothing of
    it. They talk once the flows of `whispers` have been heard."""

    def __init__(
        self,
        setup: CallSetup,
        view: CallView,
        tell: Tell,
        *,
        agent: str | None = None,
        talk: Callable[[], object] = lambda: None,
        whispers: Callable[[], Collection[str]] = tuple,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._setup = setup
        self._view = view
        self._tell = tell
        self._agent = agent
        self._talk = talk
        self._whispers = whispers
        self._is_to_talk = False
        self._now = now
        self._known: dict[str, Any] = {"initiationTimestamp": self._text()}
        self._send("INITIATED")

    def show(self, event: CallEvent) -> None:
        """See CallView."""
        if self._is_to_talk and event.place.flow not in self._whispers():
            self._is_to_talk = False
            self._talk()
        self._view.show(event)
        if event.kind == "transfer" and event.data["queue"] is not None:
            queue = {"queueArn": event.data["queue"], "queueType": "STANDARD"}
            self._known["queueInfo"] = {**queue, "enqueueTimestamp": self._text()}
            self._send("QUEUED")
        elif event.kind == "agent":
            named = {} if self._agent is None else {"agentArn": f"{self._setup.instance_arn}/agent/{self._agent}"}
            self._known["agentInfo"] = {**named, "connectedToAgentTimestamp": self._text()}
            self._send("CONNECTED_TO_AGENT")
            self._is_to_talk = True
        elif event.kind == "end":
            self._known["disconnectTimestamp"] = self._text()
            self._send("DISCONNECTED")
            self._send("COMPLETED")

    def _send(self, kind: str) -> None:
        setup = self._setup
        self._tell(
            {
                "eventType": kind,
                "contactId": setup.contact_id,
                "initialContactId": setup.initial_contact_id or setup.contact_id,
                "channel": setup.channel,
                "instanceArn": setup.instance_arn,
                "initiationMethod": setup.initiation_method,
                **self._known,
            }
        )

    def _text(self) -> str:
        return self._now().isoformat(timespec="milliseconds")


def put_contact_event(stack: "Stack", detail: Mapping[str, Any]) -> None:
    """Put a contact event on the account's default bus. Raises CommandError when the bus refuses it."""
    entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}
    answer = stack.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise CommandError(f"The bus refused a contact event: {answer['Entries'][0]['ErrorCode']}.")
