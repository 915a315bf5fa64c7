"""`make words`: compiles each `.po` file into the `.mo` file beside it, and writes the fixed words of the flows."""

import sys

from hotline.kit.languages import LANGUAGES
from hotline_local.words.catalogues import (
    MalformedCatalogue,
    compile_source,
    compiled_file,
    read_source,
    source_file,
    usable_texts,
)
from hotline_local.words.flow_words import FlowWords, MissingWords, write_flows
from hotline_local.worlds.flow_files import flow_files


def main() -> int:
    """Write what the catalogues make. Returns 0, or 1 for a malformed catalogue or a prompt without words."""
    try:
        sources = {language: read_source(source_file(language)) for language in LANGUAGES}
        words = FlowWords({language: usable_texts(source) for language, source in sources.items()})
        flows = write_flows(flow_files(), words)
    except (MalformedCatalogue, MissingWords) as error:
        print(error, file=sys.stderr)
        return 1
    for language, source in sources.items():
        compiled_file(language).write_bytes(compile_source(source))
    for path, text in flows.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(sources)} catalogues, {len(words.used)} fixed prompts in {len(flows)} flows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
