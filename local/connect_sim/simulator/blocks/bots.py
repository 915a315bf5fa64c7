"""The block that lets a Lex bot find out what the caller wants."""

from typing import Any

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.simulator.block import Block
from connect_sim.simulator.blocks.inputs import REACTION_S, SILENCE
from connect_sim.simulator.blocks.prompts import speak
from connect_sim.simulator.outcome import Await, Failed, Impossible, Outcome, Value
from connect_sim.simulator.state import InputRequest
from connect_sim.simulator.values import render, render_all

DEFAULT_TIME_LIMIT_S = 5.0


def connect_bot(block: Block) -> Outcome:
    """ConnectParticipantWithLexBot: say the prompt and wait for words or keys. Keys typed ahead are gone."""
    if not _bot(block):
        return Failed(NO_MATCHING_ERROR, "no_bot")
    if block.surroundings.bots is None:
        return Impossible(f"Nobody answers for the bot {_bot(block)}.")
    block.state.buffered_keys = ""
    spoken = speak(block)
    if isinstance(spoken, Failed):
        return spoken
    block.pass_time(spoken)
    block.state.waiting = InputRequest(
        flow=block.flow.name,
        block=block.action.identifier,
        menu=False,
        keys=tuple(edge.operand for edge in block.action.conditions),
        max_length=0,
        terminator="",
        time_limit_s=DEFAULT_TIME_LIMIT_S,
        secret=False,
        speech=True,
    )
    return Await()


def take_words(block: Block, heard: str) -> Outcome:
    """Give the bot what the caller said or typed (SILENCE for nothing); the intent decides the branch."""
    words = "" if heard == SILENCE else heard.strip('"')
    block.emit(
        "input",
        keys=words or SILENCE,
        silence=not words,
        expected=None,
        max_length=0,
        logging=block.state.logging,
        recording=block.state.ivr_recording,
    )
    block.pass_time(REACTION_S if words else DEFAULT_TIME_LIMIT_S)
    block.state.told_closed = False
    bots = block.surroundings.bots
    if bots is None:
        return Impossible(f"Nobody answers for the bot {_bot(block)}.")
    given = render_all(block.state, dict(block.action.mapping("LexSessionAttributes")))
    answer = bots.turn(bot=_bot(block), heard=words, language=block.state.spoken_language, session=given)
    block.emit("bot", bot=_bot(block), intent=answer.intent, error=answer.error)
    if answer.error is not None:
        block.frame.lex = None
        return Failed(NO_MATCHING_ERROR, answer.error)
    block.frame.lex = answer.tree()
    return Value(answer.intent)


def _bot(block: Block) -> str:
    """Return the name of the bot: the alias of a Lex V2 bot, or a classic bot's name."""
    source: dict[str, Any] = dict(block.action.mapping("LexV2Bot")) or dict(block.action.mapping("LexBot"))
    return render(block.state, str(source.get("AliasArn") or source.get("Name") or ""))
