"""The speech rate at which calls are simulated: the one by which the functions cut prompts into parts."""

from typing import Final

from connect_sim.language.speech import SpeechRate
from hotline.wording.speech import ENGLISH_WORDS_PER_S, MANDARIN_CHARACTERS_PER_S

SPEECH_RATE: Final = SpeechRate(MANDARIN_CHARACTERS_PER_S, ENGLISH_WORDS_PER_S)
