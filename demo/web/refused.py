"""A request that is refused, by whichever part of the guard."""

from __future__ import annotations

# A request that states its length in two ways, which a proxy may have taken for another one or for two.
UNCLEAR_END = "framing"


class RefusedError(Exception):
    """A request is refused: status, sentence, and a word for the metrics."""

    def __init__(self, status: int, sentence: str, why: str) -> None:
        super().__init__(sentence)
        self.status, self.why = status, why


class RefusedArgumentsError(RefusedError):
    """What a program gives is refused, in the one form in which Gradio's clients show why."""

    def __init__(self, endpoint: str, refused: RefusedError) -> None:
        super().__init__(422, str(refused), refused.why)
        self.detail = [
            {
                "__type__": "validate",
                "is_valid": False,
                "parameter_name": f"/{endpoint}",
                "message": str(refused),
            }
        ]
