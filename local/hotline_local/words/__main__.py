"""`python -m hotline_local.words` compiles each `.po` file into the `.mo` file beside it; `make words` runs it."""

import sys

from hotline.wording.catalogue import LANGUAGES
from hotline_local.words.catalogues import (
    MalformedCatalogue,
    compile_source,
    compiled_file,
    read_source,
    source_file,
    usable_texts,
)


def main() -> int:
    """Compile every language. Returns 0, or 1 when a catalogue is malformed."""
    try:
        sources = {language: read_source(source_file(language)) for language in LANGUAGES}
    except MalformedCatalogue as error:
        print(error, file=sys.stderr)
        return 1
    for language, source in sources.items():
        compiled_file(language).write_bytes(compile_source(source))
        print(f"{compiled_file(language).name} of {language}: {len(usable_texts(source))} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
