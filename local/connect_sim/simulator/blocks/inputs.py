"""Blocks that wait for keys: menus, entries, and the touch-tone buffer in front of them."""

from dataclasses import replace

from connect_sim.language.actions.forms import is_buffer_switch, is_menu
from connect_sim.language.actions.specs import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_ERROR
from connect_sim.language.references import find_references
from connect_sim.simulator.block import Block
from connect_sim.simulator.blocks.prompts import speak
from connect_sim.simulator.entry import EntryRules, parse_phone_number, read_entry, read_entry_rules
from connect_sim.simulator.outcome import Await, Failed, Impossible, Outcome, Success, Value
from connect_sim.simulator.state import InputRequest
from connect_sim.simulator.values import render_all

SILENCE = "-"
TIMEOUT_LITERAL = "Timeout"
"""The text that `$.StoredCustomerInput` holds after silence ("Store customer input" block)."""
MAX_BUFFERED_KEYS = 30
DEFAULT_TIME_LIMIT_S = 5.0
REACTION_S = 1.0
KEY_S = 0.4
"""A caller's first key comes a second after the prompt here, each further key 0.4 s later: steady, not measured."""
MASK = "•"


def get_input(block: Block) -> Outcome:
    """GetParticipantInput in its three forms: buffer switch, menu, entry."""
    if block.state.setup.channel != "VOICE":
        return Failed(NO_MATCHING_ERROR, "channel")
    if is_buffer_switch(block.action):
        return _switch_buffer(block)
    buffered = block.state.buffered_keys
    if buffered:
        block.state.buffered_keys = ""
        block.state.silent_s = 0.0
        return take_keys(block, buffered, secret=False)
    spoken = speak(block)
    if isinstance(spoken, Failed):
        return spoken
    block.pass_time(spoken)
    block.state.waiting = _request(block)
    return Await()


def _switch_buffer(block: Block) -> Outcome:
    state = block.state
    state.buffering = block.action.is_true("EnableDTMFBuffer")
    if not state.buffering:
        keys, state.buffered_keys = state.buffered_keys, ""
        if block.action.is_true("StoreInput"):
            return _store(block, keys or TIMEOUT_LITERAL, secret=block.is_secret_input)
    return Success()


def _rules(block: Block) -> EntryRules:
    """Return how this input takes keys, with what its length and pauses refer to."""
    return read_entry_rules(replace(block.action, parameters=render_all(block.state, block.action.parameters)))


def _request(block: Block) -> InputRequest:
    rules = _rules(block)
    menu = is_menu(block.action)
    return InputRequest(
        flow=block.flow.name,
        block=block.action.identifier,
        menu=menu,
        keys=tuple(edge.operand for edge in block.action.conditions),
        max_length=1 if menu else rules.max_length,
        terminator=rules.terminator,
        time_limit_s=block.seconds("InputTimeLimitSeconds", DEFAULT_TIME_LIMIT_S),
        secret=block.is_secret_input,
    )


def take_keys(block: Block, keys: str, *, secret: bool) -> Outcome:
    """Give a waiting input block what the caller typed, or SILENCE. `secret` masks it wherever it goes."""
    secret = secret or block.is_secret_input
    if keys == SILENCE:
        _emit_input(block, keys=SILENCE, silence=True)
        block.pass_time(block.seconds("InputTimeLimitSeconds", DEFAULT_TIME_LIMIT_S))
        if is_menu(block.action):
            return Failed(INPUT_TIME_LIMIT_EXCEEDED, "silence")
        return _store(block, TIMEOUT_LITERAL, secret=False)
    _emit_input(block, keys=MASK * len(keys) if secret else keys, silence=False)
    if is_menu(block.action):
        block.pass_time(REACTION_S)
        block.state.told_closed = False
        _keep_for_later(block, keys[1:])
        return Value(keys[0])
    entry = read_entry(keys, _rules(block))
    block.pass_time(REACTION_S + KEY_S * (len(keys) - len(entry.rest) - 1) + entry.pause_s)
    block.state.told_closed = False
    _keep_for_later(block, entry.rest)
    if not entry.digits and entry.pause_s:
        return _store(block, TIMEOUT_LITERAL, secret=False)
    if "PhoneNumberValidation" in block.action.mapping("InputValidation"):
        number = parse_phone_number(entry.digits, block.action)
        if number is None:
            return Failed("InvalidPhoneNumber", "phone_number")
        return _store(block, number, secret=secret)
    return _store(block, entry.digits, secret=secret)


def note_silence(block: Block) -> None:
    """Show that nothing was pressed, where an agent accepts before the time for a key is over."""
    _emit_input(block, keys=SILENCE, silence=True)


def _store(block: Block, value: str, *, secret: bool) -> Outcome:
    """Keep an entry, encrypted where the block says so. Silence stays the literal that flows compare with; what is
    kept of an entry without keys is not documented: here it stays nothing."""
    written = block.action.mapping("InputEncryption")
    encryption = render_all(block.state, written)
    if encryption and value not in ("", TIMEOUT_LITERAL):
        from connect_sim.simulator.encryption import NotACertificate, encrypt

        key_id, certificate = str(encryption.get("EncryptionKeyId", "")), str(encryption.get("Key", ""))
        try:
            value = encrypt(value, key_id=key_id, certificate=certificate)
        except NotACertificate:
            problem = "This entry is to be encrypted, and its Key is no X.509 certificate with an RSA key."
            unknown = [reference for reference in find_references(str(written.get("Key", ""))) if not certificate]
            return Impossible(f"{problem} {unknown[0]} has no value." if unknown else problem)
    block.frame.stored_input = value
    block.frame.stored_is_secret = secret
    return Success()


def _keep_for_later(block: Block, keys: str) -> None:
    """Keys that a block did not need are lost, unless the flow has turned the buffer on."""
    if block.state.buffering:
        block.state.buffered_keys = keys[:MAX_BUFFERED_KEYS]


def _emit_input(block: Block, *, keys: str, silence: bool) -> None:
    request = _request(block)
    block.emit(
        "input",
        keys=keys,
        silence=silence,
        expected=list(request.keys) if request.menu else None,
        max_length=request.max_length,
        logging=block.state.logging,
        recording=block.state.ivr_recording,
    )
