"""Facts in and decisions out: the contracts between the wallet and the hotline. The face is `model`; doors
use `schemas`."""
