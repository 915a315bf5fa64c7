"""Blocks that only decide where to go: comparisons, loops, hours, metrics, percentages, waiting."""

import random

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.simulator.block import Block
from connect_sim.simulator.outcome import Failed, Impossible, Outcome, Success, Value
from connect_sim.simulator.values import list_names

MAX_LOOPS = 100


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compare_numbers(operator: str, left: str, right: str) -> bool:
    first, second = _number(left), _number(right)
    if first is None or second is None:
        return False
    match operator:
        case "NumberGreaterThan":
            return first > second
        case "NumberGreaterOrEqualTo":
            return first >= second
        case "NumberLessThan":
            return first < second
        case "NumberLessOrEqualTo":
            return first <= second
        case _:
            return False


def satisfies(value: str | None, operator: str, operand: str | None) -> bool:
    """Return whether a value makes a condition true. A missing value or operand satisfies nothing; a text satisfies
    no condition about numbers."""
    if value is None or operand is None:
        return False
    match operator:
        case "Equals":
            return value == operand
        case "TextStartsWith":
            return value.startswith(operand)
        case "TextEndsWith":
            return value.endswith(operand)
        case "TextContains":
            return operand in value
        case "KeyExists":
            return value != ""
        case _:
            return _compare_numbers(operator, value, operand)


def compare(block: Block) -> Outcome:
    """Compare: the value behind one reference."""
    return Value(block.resolve_single("ComparisonValue"))


def loop(block: Block) -> Outcome:
    """Loop: N times ContinueLooping, once DoneLooping, and from the beginning again."""
    count_text = block.resolve_single("LoopCount") or ""
    if not count_text.isdecimal() or int(count_text) > MAX_LOOPS:
        return Impossible(f"{block.describe_parameter('LoopCount')}; a whole number from 0 to {MAX_LOOPS} is needed.")
    key = block.action.identifier
    turn = block.frame.loops.get(key, 0)
    if turn >= int(count_text):
        block.frame.loops.pop(key, None)
        return Value("DoneLooping")
    block.frame.loops[key] = turn + 1
    if name := block.action.text("LoopName"):
        block.frame.loop_names[name] = turn
    return Value("ContinueLooping")


def check_hours(block: Block) -> Outcome:
    """CheckHoursOfOperation: the named hours, or those of the target queue, which must then be set."""
    hours = block.resolve_single("HoursOfOperationId") or block.state.queue
    if hours is None:
        return Failed(NO_MATCHING_ERROR, "no_hours")
    setup = block.state.setup
    opened = next((state for name, state in setup.hours.items() if name in list_names(hours)), setup.hours_open)
    block.state.told_closed = not opened
    return Value("True" if opened else "False")


def check_metric(block: Block) -> Outcome:
    """CheckMetricData: one metric's number against the conditions."""
    if (
        block.resolve_single("QueueId") is None
        and block.resolve_single("AgentId") is None
        and block.state.queue is None
    ):
        return Failed(NO_MATCHING_ERROR, "no_queue")
    number = block.state.setup.metrics.get(block.action.text("MetricType"))
    return Failed(NO_MATCHING_ERROR, "no_metric") if number is None else Value(f"{number:g}")


def get_metrics(block: Block) -> Outcome:
    """GetMetricData: make `$.Metrics` readable in this flow."""
    if not block.state.setup.metrics:
        return Failed(NO_MATCHING_ERROR, "no_metric")
    block.frame.metrics_loaded = True
    block.frame.metrics_queue = block.resolve_single("QueueId") or block.state.queue
    return Success()


def distribute(block: Block) -> Outcome:
    """DistributeByPercentage: a number from 1 to 100, decided by the call's seed and how many were drawn before."""
    block.state.draws += 1
    drawn = random.Random(f"{block.state.setup.seed}:{block.state.draws}").randint(1, 100)  # noqa: S311 - a simulation
    return Value(str(drawn))


def wait(block: Block) -> Outcome:
    """Wait: for chats only; a voice call takes the error edge."""
    if block.state.setup.channel == "VOICE":
        return Failed(NO_MATCHING_ERROR, "channel")
    block.pass_time(block.seconds("TimeLimitSeconds", 0.0))
    return Value("WaitCompleted")
