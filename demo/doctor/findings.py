"""What the doctor finds wrong, with what to do about it; and parts that fail without stopping the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from demo.errors import DemoError, first_line

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Finding:
    """Finished sentences: what is so, and what to do. A ``fault`` is something that is not well."""

    what: str
    do: str = ""
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.what} {self.do}".strip()


@dataclass(slots=True)
class Findings:
    """What was found so far, each thing once."""

    found: list[Finding] = field(default_factory=list)

    @property
    def faults(self) -> list[Finding]:
        return [finding for finding in self.found if finding.fault]

    def fault(self, what: str, do: str = "") -> None:
        """Something that is not well."""
        self._add(Finding(what, do))

    def note(self, what: str, do: str = "") -> None:
        """Something to know, which is no fault."""
        self._add(Finding(what, do, fault=False))

    def _add(self, finding: Finding) -> None:
        if finding not in self.found:
            self.found.append(finding)

    def attempt(self, what: str, part: Callable[[], Part]) -> Part | None:
        """Do one part; None when it failed, which is then a fault that begins with ``what``.

        An examination goes on whatever breaks, so every exception ends here; Ctrl+C ends the part.
        """
        try:
            return part()
        except KeyboardInterrupt:
            self.fault(f"{what}: it was stopped.")
        except DemoError as error:
            self.fault(f"{what}: {error}")
        except Exception as error:
            self.fault(f"{what}: {first_line(error)} ({type(error).__name__}).")
        return None
