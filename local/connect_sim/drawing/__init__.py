"""Flows as pictures: blocks with their edges, laid out by Graphviz, written as SVG."""

from connect_sim.drawing.layout import lay_out
from connect_sim.drawing.picture import make_picture
from connect_sim.drawing.svg import write_svg
from connect_sim.language.document import Flow


def draw_flow(flow: Flow) -> str:
    """Return a picture of a flow as an SVG document: the same flow, the same text. Raises NoGraphviz."""
    return write_svg(lay_out(make_picture(flow)))
